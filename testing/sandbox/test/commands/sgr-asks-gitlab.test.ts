import { createGitLabReader } from '@serverless-gitlab-runner/cli';
import { type GitLabDouble, type Project, startGitLabDouble } from '@serverless-gitlab-runner/gitlab-double';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let gitlab: GitLabDouble;
let project: Project;

beforeAll(async () => {
  gitlab = await startGitLabDouble({ host: '127.0.0.1' });
  project = await gitlab.createProject({ path: 'team/sub/app' });
  await gitlab.pushCommit(project, { message: 'jobs', files: { 'README.md': '# App\n' } });
});

afterAll(() => gitlab.stop());

const reader = (token = gitlab.privateToken) => createGitLabReader(`${gitlab.url}/`, token);

describe('what sgr reads from GitLab', () => {
  it('is a job, by the path or the id of its project', async () => {
    const { jobs } = await gitlab.createPipeline(project, {
      stages: ['test'],
      jobs: [{ name: 'gpu', tags: ['gpu'], stage: 'test', script: ['true'] }],
    });
    const id = jobs[0]?.id ?? 0;
    const expected = { id, status: 'pending', tag_list: ['gpu'], runner: null };
    expect(await reader().job('team/sub/app', id)).toMatchObject(expected);
    expect(await reader().job(project.id, id)).toMatchObject(expected);
    expect(await reader().pendingJobs('team/sub/app')).toMatchObject([expected]);
  });

  it("are the project's runners with their tags, and its webhooks", async () => {
    const runner = gitlab.createRunner({ tags: ['arm'], description: 'fleet' });
    gitlab.addWebhook({
      url: 'https://hooks.example.com/',
      projectId: project.id,
      events: { pipeline: false },
    });
    expect(await reader().runners('team/sub/app')).toMatchObject([
      { id: runner.id, tag_list: ['arm'], paused: false },
    ]);
    expect(await reader().hooks('team/sub/app')).toMatchObject([
      { url: 'https://hooks.example.com/', job_events: true, alert_status: 'executable' },
    ]);
  });
});

describe('GitLab that cannot be read', () => {
  it.each([
    ['a wrong token', () => reader('wrong').job(1, 1), 'refused', /refuses GITLAB_TOKEN/],
    ['an unknown project', () => reader().hooks('team/none'), 'not-found', /knows no such project or job/],
    [
      'no GitLab',
      () => createGitLabReader('http://127.0.0.1:9', 'x').job(1, 1),
      'unreachable',
      /could not be asked for job 1/,
    ],
  ])('%s', async (_title, read, kind, message) => {
    await expect(read()).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
  });
});
