import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../src/index.ts';
import { call, type Fixture, patch, put, runningJob, singleStage, startFixture } from './helpers.ts';

/** CRC-32 of "hello". */
const HELLO = 'crc32:3610a686';

let fixture: Fixture;
let job: Job;
beforeAll(async () => {
  fixture = await startFixture();
});
beforeEach(async () => {
  job = await runningJob(fixture);
});

describe('an update of a job', () => {
  it.each(['running', 'pending'])('with state %s keeps it running', async (state) => {
    const response = await put(fixture.gitlab, job, { state, info: { version: '15.4.0' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('job-status')).toBe('running');
    expect(job.status).toBe('running');
  });

  it('with state success ends it', async () => {
    expect((await put(fixture.gitlab, job, { state: 'success' })).status).toBe(200);
    expect(job).toMatchObject({ status: 'success', failureReason: null, exitCode: null });
    expect(job.finishedAt).toBeInstanceOf(Date);
  });

  it('with state failed ends it with reason and exit code', async () => {
    const body = { state: 'failed', failure_reason: 'script_failure', exit_code: 3 };
    expect((await put(fixture.gitlab, job, body)).status).toBe(200);
    expect(job).toMatchObject({ status: 'failed', failureReason: 'script_failure', exitCode: 3 });
    expect(job.pipeline.status).toBe('failed');
  });

  it('accepts the token in the JOB-TOKEN header', async () => {
    const headers = { 'JOB-TOKEN': job.token };
    const response = await call(fixture.gitlab, 'PUT', `/jobs/${job.id}`, {
      headers,
      body: { state: 'success' },
    });
    expect(response.status).toBe(200);
  });

  it.each([
    [{ state: 'done' }, 'state is invalid'],
    [{}, 'state is invalid'],
    [{ state: 'failed', failure_reason: 7 }, 'failure_reason is invalid'],
    [{ state: 'failed', exit_code: '3' }, 'exit_code is invalid'],
    [{ state: 'success', output: { checksum: 'abc' } }, 'output.checksum is invalid'],
    [{ state: 'success', output: { bytesize: -1 } }, 'output.bytesize is invalid'],
  ])('with %o is answered 400', async (body, error) => {
    const response = await put(fixture.gitlab, job, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(error) });
    expect(job.status).toBe('running');
  });

  it('with a failure reason that GitLab does not know results in unknown_failure', async () => {
    expect((await put(fixture.gitlab, job, { state: 'failed', failure_reason: 'bad_luck' })).status).toBe(
      200,
    );
    expect([job.status, job.failureReason]).toEqual(['failed', 'unknown_failure']);
  });

  it('with the token of another job is answered 403', async () => {
    const other = await runningJob(fixture);
    expect((await put(fixture.gitlab, job, { token: other.token, state: 'success' })).status).toBe(403);
    expect(job.status).toBe('running');
  });

  it('after the final state is answered 403', async () => {
    await put(fixture.gitlab, job, { state: 'success' });
    const response = await put(fixture.gitlab, job, { state: 'failed' });
    expect(response.status).toBe(403);
    expect(response.headers.get('job-status')).toBe('success');
    expect(job.status).toBe('success');
  });
});

describe('the checksum of the log', () => {
  beforeEach(() => patch(fixture.gitlab, job, '0-4', 'hello'));

  it('is compared with the received log', async () => {
    await put(fixture.gitlab, job, {
      state: 'success',
      checksum: HELLO,
      output: { checksum: HELLO, bytesize: 5 },
    });
    expect(job.traceDecision).toBe('valid');
  });

  it('that differs is accepted, as in GitLab, and recorded', async () => {
    const output = { checksum: 'crc32:00000000', bytesize: 5 };
    expect((await put(fixture.gitlab, job, { state: 'success', output })).status).toBe(200);
    expect(job).toMatchObject({ status: 'success', traceDecision: 'invalid' });
    expect(fixture.gitlab.protocolErrors.at(-1)?.message).toContain('crc32:00000000');
  });

  it('is answered 202 until the whole log has been received', async () => {
    const output = { checksum: 'crc32:0d4a1185', bytesize: 11 };
    expect((await put(fixture.gitlab, job, { state: 'success', output })).status).toBe(202);
    expect(job.status).toBe('running');
    await patch(fixture.gitlab, job, '5-10', ' world');
    expect((await put(fixture.gitlab, job, { state: 'success', output })).status).toBe(200);
    expect(job).toMatchObject({ status: 'success', traceDecision: 'valid' });
  });
});

describe('canceling', () => {
  it('is graceful with a runner that supports it, and ends with its final update', async () => {
    fixture.gitlab.cancelJob(job.id);
    const answer = await patch(fixture.gitlab, job, '0-4', 'hello');
    expect(answer.status).toBe(202);
    expect(answer.headers.get('job-status')).toBe('canceling');
    expect((await put(fixture.gitlab, job, { state: 'running' })).headers.get('job-status')).toBe(
      'canceling',
    );
    await put(fixture.gitlab, job, { state: 'failed', failure_reason: 'script_failure' });
    expect(job).toMatchObject({ status: 'canceled', failureReason: null });
  });

  it('rejects a runner that does not support it at once, without a protocol error', async () => {
    const { gitlab, project, runner } = fixture;
    const [plain] = (await gitlab.createPipeline(project, singleStage({}))).jobs;
    await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token, system_id: 's_old' } });
    if (!plain) throw new Error('a pipeline without a job');
    const before = gitlab.protocolErrors.length;
    gitlab.cancelJob(plain.id);
    expect(plain.status).toBe('canceled');
    const answer = await patch(gitlab, plain, '0-4', 'hello');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('job-status')).toBe('canceled');
    expect(gitlab.protocolErrors).toHaveLength(before);
  });

  it('removes a pending job from the queue', async () => {
    const { gitlab, project, runner } = fixture;
    const [pending] = (await gitlab.createPipeline(project, singleStage({}))).jobs;
    if (!pending) throw new Error('a pipeline without a job');
    gitlab.cancelJob(pending.id);
    const response = await call(gitlab, 'POST', '/jobs/request', { body: { token: runner.token } });
    expect(response.status).toBe(204);
    expect(pending.pipeline.status).toBe('canceled');
  });
});
