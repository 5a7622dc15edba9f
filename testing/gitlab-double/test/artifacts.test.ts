import { beforeAll, describe, expect, it } from 'vitest';
import type { GitLabDouble, Job } from '../src/index.ts';
import { call, type Fixture, put, runningJob, startFixture } from './helpers.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture({ artifactSizeLimit: 4096 });
});

const ZIP = Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 0, 255, 13, 10, 0x2d, 0x2d]);
const QUERY = '?artifact_format=zip&artifact_type=archive&expire_in=1+day';

function upload(
  gitlab: GitLabDouble,
  job: Job,
  bytes: Uint8Array<ArrayBuffer>,
  query = QUERY,
): Promise<Response> {
  const body = new FormData();
  body.set('file', new File([bytes], 'artifacts.zip'));
  return call(gitlab, 'POST', `/jobs/${job.id}/artifacts${query}`, {
    headers: { 'JOB-TOKEN': job.token },
    body,
  });
}

function download(gitlab: GitLabDouble, job: Job, token: string): Promise<Response> {
  return call(gitlab, 'GET', `/jobs/${job.id}/artifacts`, { headers: { 'JOB-TOKEN': token } });
}

describe('artifacts', () => {
  it('are downloaded unchanged by the job itself and by a running job of the same project', async () => {
    const { gitlab } = fixture;
    const job = await runningJob(fixture);
    expect((await upload(gitlab, job, ZIP)).status).toBe(201);
    await put(gitlab, job, { state: 'success' });
    const later = await runningJob(fixture);
    for (const token of [job.token, later.token]) {
      const response = await download(gitlab, job, token);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/zip');
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(ZIP);
    }
    expect(job.artifacts).toMatchObject([
      { type: 'archive', format: 'zip', size: ZIP.length, expireIn: '1 day' },
    ]);
  });

  it('appear in the payload of a job of a later stage, with the token of that job', async () => {
    const { gitlab, project, runner } = fixture;
    const pipeline = await gitlab.createPipeline(project, {
      stages: ['build', 'test'],
      jobs: [
        { name: 'make', stage: 'build', script: ['make'] },
        { name: 'use', stage: 'test', script: ['use'] },
      ],
    });
    const [make, use] = pipeline.jobs;
    if (!make || !use) throw new Error('jobs are missing');
    await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    await upload(gitlab, make, ZIP);
    await put(gitlab, make, { state: 'success' });
    const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    const file = { filename: 'artifacts.zip', size: ZIP.length };
    const dependencies = [{ id: make.id, token: use.token, name: 'make', artifacts_file: file }];
    expect(await response.json()).toMatchObject({ id: use.id, dependencies });
  });

  it.each([
    ['a job without artifacts', 404],
    ['a wrong token', 403],
    ['the token of another, finished job', 403],
    ['a running job of another project', 403],
    ['an unknown job', 403],
  ])('are not available for %s: %i', async (what, status) => {
    const { gitlab } = fixture;
    const job = await runningJob(fixture);
    if (what !== 'a job without artifacts') await upload(gitlab, job, ZIP);
    const other = await runningJob(
      what === 'a running job of another project' ? await anotherProject() : fixture,
    );
    if (what.includes('finished')) await put(gitlab, other, { state: 'success' });
    const token = what === 'a wrong token' ? 'glcbt-wrong' : other.token;
    const path = `/jobs/${what === 'an unknown job' ? 99 : job.id}/artifacts`;
    const response = await call(gitlab, 'GET', path, { headers: { 'JOB-TOKEN': token } });
    expect(response.status).toBe(status);
  });

  async function anotherProject(): Promise<Fixture> {
    const project = await fixture.gitlab.createProject({ path: 'acme/other' });
    await fixture.gitlab.pushCommit(project, { files: { a: 'a' }, message: 'a' });
    return { ...fixture, project };
  }
});

describe('an upload', () => {
  it('over the limit is answered 413', async () => {
    const job = await runningJob(fixture);
    expect((await upload(fixture.gitlab, job, new Uint8Array(4097))).status).toBe(413);
    expect((await upload(fixture.gitlab, job, new Uint8Array(1024 * 1024))).status).toBe(413);
    expect((await upload(fixture.gitlab, job, new Uint8Array(4096))).status).toBe(201);
  });

  it.each(['?artifact_type=treasure', '?artifact_format=rar'])('with %s is answered 400', async (query) => {
    const job = await runningJob(fixture);
    expect((await upload(fixture.gitlab, job, ZIP, query)).status).toBe(400);
  });

  it('without a file, or without a form, is answered 400', async () => {
    const job = await runningJob(fixture);
    const headers = { 'JOB-TOKEN': job.token };
    const path = `/jobs/${job.id}/artifacts`;
    expect((await call(fixture.gitlab, 'POST', path, { headers, body: new FormData() })).status).toBe(400);
    expect((await call(fixture.gitlab, 'POST', path, { headers, body: 'zip' })).status).toBe(400);
  });

  it('of the same file is accepted as a retry, of a different file rejected', async () => {
    const job = await runningJob(fixture);
    expect((await upload(fixture.gitlab, job, ZIP)).status).toBe(201);
    expect((await upload(fixture.gitlab, job, ZIP)).status).toBe(201);
    expect((await upload(fixture.gitlab, job, new Uint8Array(3))).status).toBe(400);
    expect(job.artifacts).toHaveLength(1);
  });

  it('for a finished job is answered 403', async () => {
    const job = await runningJob(fixture);
    await put(fixture.gitlab, job, { state: 'success' });
    expect((await upload(fixture.gitlab, job, ZIP)).status).toBe(403);
  });

  it.each([
    ['of an allowed size', '?filesize=100', true, 200],
    ['above the limit', '?filesize=5000', true, 413],
    ['with a wrong token', '', false, 403],
  ])('%s is checked in advance', async (_title, query, validToken, status) => {
    const job = await runningJob(fixture);
    const headers = { 'JOB-TOKEN': validToken ? job.token : 'wrong' };
    const path = `/jobs/${job.id}/artifacts/authorize${query}`;
    expect((await call(fixture.gitlab, 'POST', path, { headers })).status).toBe(status);
  });
});
