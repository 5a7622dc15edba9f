import { describe, expect, it } from 'vitest';
import { checkProject, type ProjectFacts } from '../src/doctor/checks/check-project.ts';
import type { GitLabHook, GitLabJob, GitLabRunner } from '../src/gitlab/gitlab-reader.ts';
import { runnerName, whyNotTaken } from '../src/gitlab/match-runner.ts';
import { explainJob } from '../src/why/explain-job.ts';
import { findProject } from '../src/why/find-project.ts';
import { readJobArgument } from '../src/why/job-argument.ts';
import type { GitLabFacts } from '../src/why/job-facts.ts';
import { ago, decided, facts, task } from './support/job.ts';

const gitlabJob = (over: Partial<GitLabJob> = {}): GitLabJob => ({
  id: 7,
  status: 'pending',
  name: 'test',
  ref: 'main',
  tag_list: ['a', 'b'],
  ...over,
});
const runner = (over: Partial<GitLabRunner> = {}): GitLabRunner => ({
  id: 3,
  description: 'fleet',
  paused: false,
  tag_list: ['a', 'b', 'c'],
  run_untagged: false,
  access_level: 'not_protected',
  ...over,
});

describe('a runner', () => {
  it.each([
    ['with all tags', gitlabJob(), runner(), undefined],
    ['that is paused', gitlabJob(), runner({ paused: true }), 'is paused'],
    ['without a tag', gitlabJob(), runner({ tag_list: ['a'] }), 'lacks the tag b'],
    ['without any tags', gitlabJob(), runner({ tag_list: null }), 'lacks the tags a, b'],
    ['for jobs without tags', gitlabJob({ tag_list: [] }), runner({ run_untagged: true }), undefined],
    ['for jobs with tags', gitlabJob({ tag_list: [] }), runner(), 'takes no job without tags'],
  ])('%s', (_title, job, one, expected) => expect(whyNotTaken(job, one)).toBe(expected));

  it.each([
    [runner(), '#3 (fleet)'],
    [runner({ description: '' }), '#3'],
    [runner({ description: null }), '#3'],
  ])('has a name', (one, expected) => expect(runnerName(one)).toBe(expected));
});

describe('a job as the user names it', () => {
  it.each([
    ['7', { jobId: 7 }],
    [
      'https://gitlab.example.com/team/app/-/jobs/7',
      { jobId: 7, page: { url: 'https://gitlab.example.com/team/app/' } },
    ],
    ['seven', undefined],
    ['-7', undefined],
    ['1234567890123456', undefined],
    ['https://gitlab.example.com/team/app/-/pipelines/7', undefined],
    ['ftp://gitlab.example.com/team/app/-/jobs/7', undefined],
  ])('%s', (text, expected) => expect(readJobArgument(text)).toEqual(expected));
});

describe('where a job is asked for', () => {
  const urls = new Map([
    ['default', 'https://gitlab.example.com'],
    ['other', 'https://ci.example.com/gitlab/'],
  ]);
  const page = (url: string) => ({ jobId: 7, page: { url } });
  const hook = (fleet: string, projectId: number | undefined) => ({ at: 0, fleet, projectId });

  it.each([
    [
      'of a page',
      page('https://gitlab.example.com/team/sub/app/'),
      [],
      { gitlabUrl: 'https://gitlab.example.com', project: 'team/sub/app' },
    ],
    [
      'of a GitLab below a path',
      page('https://ci.example.com/gitlab/a/b/'),
      [],
      { gitlabUrl: 'https://ci.example.com/gitlab/', project: 'a/b' },
    ],
    [
      'of a GitLab that no fleet has',
      page('https://gitlab.example.com.evil.example/a/b/'),
      [hook('default', 3)],
      undefined,
    ],
    [
      'of a webhook',
      { jobId: 7 },
      [hook('gone', 1), hook('default', undefined), hook('default', 3)],
      { gitlabUrl: 'https://gitlab.example.com', project: 3 },
    ],
    ['of nothing', { jobId: 7 }, [], undefined],
  ])('%s', (_title, job, webhooks, expected) => expect(findProject(job, webhooks, urls)).toEqual(expected));
});

describe('why a job waits, by GitLab', () => {
  const explain = (gitlab: GitLabFacts, over = {}) =>
    explainJob(facts({ decisions: [decided(9, 'retry: at-maximum')], gitlab, ...over }));

  it.each([
    ['success', 'ended', /it is over: success/, []],
    ['canceled', 'ended', /it is over: canceled/, []],
    ['running', 'running', /has given it to a runner$/, []],
    ['manual', 'queued', /not queued it yet: it is manual/, [/by hand/]],
    ['created', 'queued', /it is created/, [/jobs before it/]],
    ['waiting_for_callback', 'queued', /it is waiting_for_callback/, [/See its page/]],
  ] as const)('%s', (status, state, summary, advice) => {
    const found = explain({ job: gitlabJob({ status }), runners: [] });
    expect(found.state).toBe(state);
    expect(found.summary).toMatch(summary);
    expect(found.advice).toEqual(advice.map((one) => expect.stringMatching(one)));
  });

  it('names the runner that has it', () => {
    const job = gitlabJob({ status: 'running', runner: { id: 9, description: 'another' } });
    expect(explain({ job, runners: undefined }).summary).toBe('GitLab has given it to #9 (another)');
  });

  it('tells why no runner takes it', () => {
    const runners = [runner({ paused: true }), runner({ id: 4, tag_list: ['a'] })];
    expect(explain({ job: gitlabJob(), runners })).toMatchObject({
      state: 'queued',
      summary: 'No runner of its project takes it: its tags are a, b',
      advice: ['Runner #3 (fleet) is paused', 'Runner #4 (fleet) lacks the tag b'],
    });
    expect(explain({ job: gitlabJob({ tag_list: [] }), runners: [] })).toMatchObject({
      summary: 'No runner of its project takes it: its tags are none',
      advice: [expect.stringMatching(/^Create a runner/)],
    });
  });

  it('names five runners at most', () => {
    const runners = [1, 2, 3, 4, 5, 6].map((id) => runner({ id, paused: true }));
    expect(explain({ job: gitlabJob(), runners }).advice).toHaveLength(5);
  });

  it.each([
    ['runners that may take it', [runner({ paused: true }), runner()]],
    ['unknown runners', undefined],
  ])('goes on with what the launcher knows: %s', (_title, runners) => {
    expect(explain({ job: gitlabJob(), runners }).summary).toMatch(/Fleet default is full/);
  });

  it('is asked after ECS', () => {
    const found = explain(
      { job: gitlabJob({ status: 'manual' }), runners: [] },
      { task: task({ state: 'running', startedAt: ago(5) }) },
    );
    expect(found.summary).toBe('It runs in its task');
  });
});

describe('a project', () => {
  const hook = (over: Partial<GitLabHook> = {}): GitLabHook => ({
    id: 5,
    url: 'https://abc123.lambda-url.eu-west-1.on.aws/?fleet=default',
    job_events: true,
    alert_status: 'executable',
    disabled_until: null,
    ...over,
  });
  /** Events of the hook, newest first, a minute apart, until the given time. */
  const events = (answers: string[], jobId?: number) =>
    new Map([[5, answers.map((answer, index) => ({ answer, at: ago(60 * (index + 1)), jobId }))]]);
  const project = (over: Partial<ProjectFacts> = {}): ProjectFacts => ({
    project: 'team/app',
    hooks: [hook()],
    hookEvents: new Map(),
    runners: [runner()],
    pending: [],
    webhookUrl: 'https://abc123.lambda-url.eu-west-1.on.aws/',
    ...over,
  });

  it.each<[string, Partial<ProjectFacts>, RegExp | undefined]>([
    ['in which nothing is wrong', {}, undefined],
    ['without hooks', { hooks: [] }, /^warning hook-missing: No webhook of team\/app/],
    [
      'with the hook of another installation',
      { hooks: [hook({ url: 'https://xyz.lambda-url.eu-west-1.on.aws/' })] },
      /^warning hook-missing/,
    ],
    [
      'whose hook has no job events',
      { hooks: [hook({ job_events: false })] },
      /^broken hook-without-job-events: Webhook 5/,
    ],
    [
      'whose hook is off for a while',
      { hooks: [hook({ alert_status: 'temporarily_disabled', disabled_until: '2026-11-23T10:00:00Z' })] },
      /^broken hook-disabled: .* until 2026-11-23T10:00:00Z/,
    ],
    [
      'whose hook is off',
      { hooks: [hook({ alert_status: 'disabled' })] },
      /^broken hook-disabled: .* for good/,
    ],
    ['of a GitLab before 15.0', { hooks: [hook({ alert_status: undefined })] }, undefined],
    [
      'with a paused runner',
      { runners: [runner(), runner({ paused: true })] },
      /^warning runner-paused: Runner #3 \(fleet\) of team\/app/,
    ],
    ['whose events are accepted', { hookEvents: events(['202', '401']) }, undefined],
    [
      'whose last event is refused',
      { hookEvents: events(['401', '401', '202']) },
      /^broken hook-event-failed: GitLab's last event of webhook 5 of team\/app got 401, as did 2 of its last 3/,
    ],
    [
      'whose URL cannot be reached',
      { hookEvents: events(['internal error']) },
      /^broken hook-event-failed: .* got internal error, as did 1 of its last 1/,
    ],
    ['with a job that waits', { pending: [gitlabJob()] }, undefined],
    [
      'with a job that waits, whose event was sent',
      { pending: [gitlabJob()], hookEvents: events(['202'], 7) },
      undefined,
    ],
    [
      'with a job that waits, of which GitLab sent nothing',
      { pending: [gitlabJob()], hookEvents: events(['202'], 6) },
      /^broken hook-event-missing: GitLab sent no event of job 7 of team\/app/,
    ],
    [
      'with a job that is older than the events that GitLab shows',
      {
        pending: [gitlabJob({ created_at: new Date(ago(3600)).toISOString() })],
        hookEvents: events(
          Array.from({ length: 20 }, () => '202'),
          6,
        ),
      },
      undefined,
    ],
    [
      'with a job that is newer than the oldest of them',
      {
        pending: [gitlabJob({ created_at: new Date(ago(90)).toISOString() })],
        hookEvents: events(
          Array.from({ length: 20 }, () => '202'),
          6,
        ),
      },
      /^broken hook-event-missing/,
    ],
    [
      'with a job that no runner takes',
      { pending: [gitlabJob({ tag_list: ['gpu'] })] },
      /^broken job-without-runner: Job 7 of team\/app waits, .* its tags: gpu/,
    ],
    ['with a job without tags', { pending: [gitlabJob({ tag_list: [] })] }, /its tags: none/],
  ])('%s', (_title, over, expected) => {
    const [found, ...others] = checkProject(project(over)).map(
      ({ severity, check, problem }) => `${severity} ${check}: ${problem}`,
    );
    expect(others).toEqual([]);
    if (expected) expect(found).toMatch(expected);
    else expect(found).toBeUndefined();
  });

  it('names three such jobs at most', () => {
    const pending = [1, 2, 3, 4].map((id) => gitlabJob({ id, tag_list: ['gpu'] }));
    expect(checkProject(project({ pending }))).toHaveLength(3);
  });
});
