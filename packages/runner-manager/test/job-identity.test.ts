import { describe, expect, it } from 'vitest';
import { SystemFailureError } from '../src/errors.ts';
import { jobIdentity } from '../src/job/request/job-identity.ts';
import { parseJobResponse, readJobResponse } from '../src/job/request/job-response.ts';
import { jobResponse } from './support/job.ts';

const GITLAB = 'https://gitlab.example.com';
const identityOf = (sample: object = {}, gitlabUrl = GITLAB) =>
  jobIdentity(parseJobResponse(JSON.stringify(jobResponse(sample))), gitlabUrl);
const repository = (url: string) => ({
  job_info: { name: 'a', project_id: 3, project_full_path: '' },
  git_info: { repo_url: url },
});

describe('the identity of a job', () => {
  it("comes from GitLab's fields besides the variables, and the instance from the manager's configuration", () => {
    expect(identityOf()).toEqual({
      instance: GITLAB,
      jobId: 42,
      jobName: 'unit tests',
      pipelineId: 7,
      projectId: 3,
      projectPath: 'acme/shop',
    });
  });

  it('does not come from its variables, wherever a predefined name is in the list', () => {
    const names = [
      'CI_JOB_ID',
      'CI_PROJECT_ID',
      'CI_PIPELINE_ID',
      'CI_PROJECT_PATH',
      'CI_SERVER_URL',
      'CI_JOB_NAME',
    ];
    const variables = names.map((key) => ({ key, value: '1/.', public: true }));
    expect(identityOf({ variables })).toEqual(identityOf());
  });

  it.each([
    ['https://gitlab-ci-token:t@gitlab.example.com/acme/shop.git', GITLAB, 'acme/shop'],
    ['https://gitlab-ci-token:t@gitlab.example.com/git/acme/sub/shop.git', `${GITLAB}/git/`, 'acme/sub/shop'],
    ['http://10.0.0.1:8080/a/b.git', GITLAB, 'a/b'],
    ['https://gitlab.example.com/acme/shop', GITLAB, undefined],
    ['not a url', GITLAB, undefined],
    ['', GITLAB, undefined],
    [`https://gitlab.example.com/${'a'.repeat(2000)}.git`, GITLAB, undefined],
  ])("takes the project's path from %j for a runner before 18.5", (url, gitlabUrl, path) => {
    expect(identityOf(repository(url), gitlabUrl).projectPath).toBe(path);
  });

  it('has no pipeline for a runner before 19.0, which leaves zero', () => {
    expect(identityOf({ job_info: { project_id: 3, pipeline_id: 0 } }).pipelineId).toBeUndefined();
  });
});

describe('a job as GitLab sends it', () => {
  it('is accepted with unknown fields, and without optional ones', () => {
    const document = jobResponse({ image: { name: 'alpine', ports: [], new_field: {} }, services: null });
    const response = parseJobResponse(JSON.stringify(document));
    expect(response.image?.name).toBe('alpine');
    expect(response.services).toBeNull();
  });

  it.each([
    '',
    '{',
    '[]',
    JSON.stringify(jobResponse({ services: 'all' })),
    JSON.stringify(jobResponse({ id: '42/.' })),
    JSON.stringify(jobResponse({ id: 0 })),
    JSON.stringify(jobResponse({ token: '' })),
    JSON.stringify(jobResponse({ job_info: { name: 'no project' } })),
  ])('that is %j is a system failure', (document) => {
    expect(() => parseJobResponse(document)).toThrow(SystemFailureError);
  });

  it('that the runner does not pass on is a system failure, which names the required version', async () => {
    await expect(readJobResponse('')).rejects.toThrow('GitLab Runner 13.10 or later');
  });
});
