import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { JobDefinition } from '../src/index.ts';
import { call, type Fixture, startFixture } from './helpers.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});

const payloadSchema = z.looseObject({
  token: z.string(),
  variables: z.array(z.looseObject({ key: z.string() })),
});

const definition: JobDefinition = {
  name: 'unit tests',
  stage: 'test',
  image: { name: 'ruby:3', entrypoint: [''], pullPolicy: ['if-not-present'] },
  services: ['redis:7', { name: 'postgres:16', alias: 'db', variables: { POSTGRES_PASSWORD: 'x' } }],
  beforeScript: ['bundle'],
  script: ['rake', 'echo "é"'],
  afterScript: ['echo bye'],
  variables: {
    PLAIN: 'a',
    TOKEN: { value: 'hidden-value', masked: true, raw: true },
    FILE: { value: 'f', file: true },
  },
  artifacts: { paths: ['out/'], expireIn: '1 week', reports: { junit: ['junit.xml'] } },
  cache: [{ key: 'gems', paths: ['vendor/'] }],
  timeout: 600,
};

it('sends the job as GitLab describes it', async () => {
  const { gitlab, project, runner } = fixture;
  const pipeline = await gitlab.createPipeline(project, { stages: ['test'], jobs: [definition] });
  const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
  expect(response.status).toBe(201);
  const payload: unknown = await response.json();
  const [job] = pipeline.jobs;
  const host = new URL(gitlab.url).host;

  expect(payload).toMatchObject({
    id: job?.id,
    token: job?.token,
    allow_git_fetch: true,
    job_info: { name: 'unit tests', stage: 'test', project_id: project.id, project_name: 'shop' },
    git_info: {
      repo_url: `http://gitlab-ci-token:${job?.token}@${host}/acme/shop.git`,
      ref: 'main',
      sha: pipeline.commit.sha,
      before_sha: '0'.repeat(40),
      ref_type: 'branch',
      refspecs: [
        `+refs/pipelines/${pipeline.id}:refs/pipelines/${pipeline.id}`,
        '+refs/heads/main:refs/remotes/origin/main',
      ],
      depth: 20,
      repo_object_format: 'sha1',
    },
    runner_info: { timeout: 600 },
    inputs: [],
    steps: [
      {
        name: 'script',
        script: ['bundle', 'rake', 'echo "é"'],
        timeout: 600,
        when: 'on_success',
        allow_failure: false,
      },
      { name: 'after_script', script: ['echo bye'], timeout: 600, when: 'always', allow_failure: true },
    ],
    image: { name: 'ruby:3', entrypoint: [''], pull_policy: ['if-not-present'], executor_opts: {} },
    services: [
      { name: 'redis:7', alias: null },
      { name: 'postgres:16', alias: 'db', variables: [{ key: 'POSTGRES_PASSWORD', value: 'x' }] },
    ],
    artifacts: [
      {
        paths: ['out/'],
        artifact_type: 'archive',
        artifact_format: 'zip',
        expire_in: '1 week',
        when: 'on_success',
      },
      { paths: ['junit.xml'], artifact_type: 'junit', artifact_format: 'gzip', when: 'always' },
    ],
    cache: [{ key: 'gems-protected', paths: ['vendor/'], policy: 'pull-push', when: 'on_success' }],
    credentials: [],
    dependencies: [],
    features: { trace_sections: true, failure_reasons: expect.arrayContaining(['runner_system_failure']) },
  });
});

it('sends variables with their options, predefined ones first', async () => {
  const { gitlab, project, runner } = fixture;
  await gitlab.createPipeline(project, {
    stages: ['test'],
    jobs: [definition],
    variables: { PLAIN: 'overridden' },
  });
  const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
  const { variables, token } = payloadSchema.parse(await response.json());
  const named = (key: string) => variables.filter((variable) => variable.key === key);

  expect(named('CI_JOB_TOKEN')).toEqual([{ key: 'CI_JOB_TOKEN', value: token, public: false, masked: true }]);
  expect(named('CI_JOB_IMAGE')).toEqual([
    { key: 'CI_JOB_IMAGE', value: 'ruby:3', public: true, masked: false },
  ]);
  expect(named('TOKEN')).toEqual([
    { key: 'TOKEN', value: 'hidden-value', public: false, masked: true, raw: true },
  ]);
  expect(named('FILE')).toEqual([{ key: 'FILE', value: 'f', public: true, masked: false, file: true }]);
  expect(named('PLAIN')).toMatchObject([{ value: 'overridden' }, { value: 'a' }]);
  expect(named('CI_COMMIT_TITLE')).toMatchObject([{ value: 'first commit' }]);
});

it('sends nothing of the settings as public, masked or not', async () => {
  const { gitlab, runner } = fixture;
  const variables = { SETTING: 'a', HIDDEN: { value: 'hidden-value', masked: true } };
  const project = await gitlab.createProject({ path: 'acme/settings', variables });
  await gitlab.pushCommit(project, { files: { a: 'a' }, message: 'first' });
  await gitlab.createPipeline(project, { stages: ['test'], jobs: [definition] });
  const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
  const sent = payloadSchema.parse(await response.json()).variables;
  expect(sent.filter(({ key }) => key === 'SETTING' || key === 'HIDDEN')).toEqual([
    { key: 'SETTING', value: 'a', public: false, masked: false },
    { key: 'HIDDEN', value: 'hidden-value', public: false, masked: true },
  ]);
});

it('asks for all branches and tags when the job wants the whole history', async () => {
  const { gitlab, project, runner } = fixture;
  const whole = { ...definition, variables: { GIT_DEPTH: '0' } };
  const pipeline = await gitlab.createPipeline(project, { stages: ['test'], jobs: [whole] });
  const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
  expect(await response.json()).toMatchObject({
    git_info: {
      depth: 0,
      refspecs: [
        `+refs/pipelines/${pipeline.id}:refs/pipelines/${pipeline.id}`,
        '+refs/heads/*:refs/remotes/origin/*',
        '+refs/tags/*:refs/tags/*',
      ],
    },
  });
});

it('names the environment of a deployment in variables', async () => {
  const { gitlab, project, runner } = fixture;
  const environment = { name: 'review/One', url: 'https://review.example.com' };
  const job = { ...definition, environment };
  await gitlab.createPipeline(project, { stages: ['test'], jobs: [job] });
  const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
  const { variables } = payloadSchema.parse(await response.json());
  const sent = Object.fromEntries(variables.map(({ key, value }) => [key, value]));
  expect(sent).toMatchObject({
    CI_ENVIRONMENT_NAME: 'review/One',
    CI_ENVIRONMENT_ACTION: 'start',
    CI_ENVIRONMENT_URL: 'https://review.example.com',
  });
  expect(sent.CI_ENVIRONMENT_SLUG).toMatch(/^review-one-[a-z0-9]{6}$/);
});
