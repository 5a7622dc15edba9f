import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { gitEnvironment } from '../src/git/git-environment.ts';
import type { Job } from '../src/index.ts';
import { call, type Fixture, put, runningJob, singleStage, startFixture } from './helpers.ts';

const run = promisify(execFile);
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});

const fail = (job: Job, exitCode: number) =>
  put(fixture.gitlab, job, { state: 'failed', failure_reason: 'script_failure', exit_code: exitCode });

describe('retry', () => {
  it.each([
    ['the maximum is not reached', { max: 1 }, 2],
    ['the reason matches', { max: 1, when: ['script_failure'] }, 2],
    ['the reason does not match', { max: 1, when: ['runner_system_failure'] }, 1],
    ['the exit code matches', { max: 1, exitCodes: [3] }, 2],
    ['the exit code does not match', { max: 1, exitCodes: [4] }, 1],
    ['the maximum is 0', { max: 0 }, 1],
  ])('of a failed job when %s', async (_, retry, jobs) => {
    const job = await runningJob(fixture, { retry });
    await fail(job, 3);
    const { pipeline } = job;
    expect(pipeline.jobs).toHaveLength(jobs);
    expect(pipeline.status).toBe(jobs === 2 ? 'pending' : 'failed');
    for (const each of pipeline.jobs) fixture.gitlab.cancelJob(each.id);
  });
});

describe('allow_failure with exit codes', () => {
  it.each([
    [3, 'success'],
    [4, 'failed'],
  ])('with exit code %i the pipeline is %s', async (exitCode, status) => {
    const job = await runningJob(fixture, { allowFailure: { exitCodes: [3] } });
    await fail(job, exitCode);
    expect(job.pipeline.status).toBe(status);
  });
});

describe('a dotenv report', () => {
  it('passes variables to dependent jobs', async () => {
    const { gitlab, project, runner } = fixture;
    const pipeline = await gitlab.createPipeline(project, {
      stages: ['make', 'use'],
      jobs: [
        { name: 'make', stage: 'make', script: ['x'] },
        { name: 'use', stage: 'use', script: ['x'] },
        { name: 'not-use', stage: 'use', script: ['x'], dependencies: [] },
      ],
    });
    const take = async () => {
      const answer = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
      const { id, variables } = (await answer.json()) as {
        id: number;
        variables: { key: string; value: string }[];
      };
      return { job: pipeline.jobs.find((each) => each.id === id), variables };
    };
    const { job } = await take();
    if (job === undefined) throw new Error('the runner received no job of the pipeline');
    const body = new FormData();
    body.set('file', new File([gzipSync('VERSION=1.2\nQUOTED="a b"\nnot a line\n')], 'dotenv.gz'));
    const query = '?artifact_format=gzip&artifact_type=dotenv';
    const headers = { 'JOB-TOKEN': job.token };
    const upload = await call(gitlab, 'POST', `/jobs/${job.id}/artifacts${query}`, { headers, body });
    expect(upload.status).toBe(201);
    await put(gitlab, job, { state: 'success' });
    const own = ({ variables }: Awaited<ReturnType<typeof take>>) =>
      variables.filter(({ key }) => ['VERSION', 'QUOTED'].includes(key)).map(({ value }) => value);
    expect([own(await take()), own(await take())]).toEqual([['1.2', 'a b'], []]);
  });
});

describe('a newer pipeline of the same branch', () => {
  it.each([
    [true, 'canceled'],
    [false, 'running'],
  ])('with auto-cancel: a running job with interruptible %s is %s', async (interruptible, status) => {
    const { gitlab } = fixture;
    const path = `acme/redundant-${interruptible}`;
    const project = await gitlab.createProject({ path, autoCancelRedundantPipelines: true });
    await gitlab.pushCommit(project, { files: { a: 'a' }, message: 'first' });
    const job = await runningJob({ ...fixture, project }, { interruptible });
    await gitlab.createPipeline(project, singleStage({ when: 'manual' }));
    expect(job.status.replace('canceling', 'canceled')).toBe(status);
  });
});

describe('git', () => {
  it('lets job tokens of projects in the allowlist read a project, and serves commits of submodules', async () => {
    const { gitlab } = fixture;
    const library = await gitlab.createProject({ path: 'acme/library', jobTokenAllowlist: ['acme/shop'] });
    const { sha } = await gitlab.pushCommit(library, { files: { 'a.txt': 'a' }, message: 'library' });
    await gitlab.pushCommit(fixture.project, {
      files: { 'lib/a': { submodule: sha } },
      message: 'with a submodule',
    });
    const job = await runningJob(fixture);
    const list = async (path: string) => {
      const url = `${gitlab.url.replace('//', `//gitlab-ci-token:${job.token}@`)}/${path}.git`;
      return (await run('git', ['ls-remote', url, 'HEAD'], { env: gitEnvironment() })).stdout;
    };
    expect(await list('acme/library')).toContain(sha);
    const other = await gitlab.createProject({ path: 'acme/closed' });
    await gitlab.pushCommit(other, { files: { a: 'a' }, message: 'closed' });
    await expect(list('acme/closed')).rejects.toThrow(/Authentication failed|could not read/);
    const tree = await run('git', ['ls-tree', 'main', 'lib/a'], {
      cwd: fixture.project.repository,
      env: gitEnvironment(),
    });
    expect(tree.stdout).toContain(`160000 commit ${sha}`);
  });

  it('serves large files through the batch API, and pointers through git', async () => {
    const { gitlab, project } = fixture;
    const content = 'large content';
    await gitlab.pushCommit(project, { files: { 'large.bin': { largeFile: content } }, message: 'large' });
    expect(await readFile(join(project.workTree, 'large.bin'), 'utf8')).toMatch(/^version https:\/\/git-lfs/);
    const job = await runningJob(fixture);
    const Authorization = `Basic ${Buffer.from(`gitlab-ci-token:${job.token}`).toString('base64')}`;
    const oid = createHash('sha256').update(content).digest('hex');
    const objects = [
      { oid, size: content.length },
      { oid: '0'.repeat(64), size: 1 },
    ];
    const batch = await fetch(`${gitlab.url}/acme/shop.git/info/lfs/objects/batch`, {
      method: 'POST',
      headers: { Authorization },
      body: JSON.stringify({ operation: 'download', objects }),
    });
    const answer = (await batch.json()) as {
      objects: {
        actions?: { download: { href: string; header: Record<string, string> } };
        error?: { code: number };
      }[];
    };
    expect(answer.objects[1]?.error?.code).toBe(404);
    const { href, header } = answer.objects[0]?.actions?.download ?? { href: '', header: {} };
    expect(await (await fetch(href, { headers: header })).text()).toBe(content);
    expect((await fetch(href)).status).toBe(401);
  });
});
