import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../src/index.ts';
import { call, type Fixture, patch, put, runningJob, startFixture } from './helpers.ts';

let fixture: Fixture;
let job: Job;
beforeAll(async () => {
  fixture = await startFixture({ traceUpdateInterval: 7 });
});
beforeEach(async () => {
  job = await runningJob(fixture);
});

describe('a trace patch', () => {
  it('that continues the log is answered 202 with status, range and interval', async () => {
    const response = await patch(fixture.gitlab, job, '0-4', 'hello');
    expect(response.status).toBe(202);
    expect(response.headers.get('job-status')).toBe('running');
    expect(response.headers.get('range')).toBe('0-5');
    expect(response.headers.get('x-gitlab-trace-update-interval')).toBe('7');
  });

  it('is stored byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    await patch(fixture.gitlab, job, '0-255', bytes.subarray(0, 256));
    await patch(fixture.gitlab, job, '256-511', bytes.subarray(256));
    expect(job.trace.bytes.equals(bytes)).toBe(true);
  });

  it('that is repeated after a lost response is answered 202 and stored once', async () => {
    await patch(fixture.gitlab, job, '0-4', 'hello');
    await patch(fixture.gitlab, job, '5-6', ', ');
    const again = await patch(fixture.gitlab, job, '5-6', ', ');
    expect(again.status).toBe(202);
    expect(job.trace.text).toBe('hello, ');
  });

  it.each([
    ['leaves a gap', '9-13', 'world'],
    ['starts before the end', '2-6', 'world'],
    ['restarts at 0', '0-10', 'hello world'],
    ['is repeated with other bytes', '0-4', 'HELLO'],
    ['does not match its range in length', '5-6', 'world'],
  ])('that %s is answered 416 with the offset to continue from', async (_title, range, text) => {
    await patch(fixture.gitlab, job, '0-4', 'hello');
    const response = await patch(fixture.gitlab, job, range, text);
    expect(response.status).toBe(416);
    expect(response.headers.get('range')).toBe('0-5');
    expect(job.trace.text).toBe('hello');
    expect(fixture.gitlab.protocolErrors.at(-1)).toMatchObject({ status: 416, method: 'PATCH' });
  });

  it.each(['hello', '5', 'bytes 0-4/5', '-1-4'])('with the range "%s" is answered 400', async (range) => {
    expect((await patch(fixture.gitlab, job, range, 'hello')).status).toBe(400);
  });

  it('without a range is answered 400', async () => {
    const headers = { 'JOB-TOKEN': job.token };
    const response = await call(fixture.gitlab, 'PATCH', `/jobs/${job.id}/trace`, { headers, body: 'x' });
    expect(response.status).toBe(400);
  });

  it('with a wrong token is answered 403', async () => {
    const headers = { 'JOB-TOKEN': 'glcbt-wrong', 'Content-Range': '0-0' };
    const response = await call(fixture.gitlab, 'PATCH', `/jobs/${job.id}/trace`, { headers, body: 'x' });
    expect(response.status).toBe(403);
  });

  it('after the end of the job is answered 403 with the job status, and recorded', async () => {
    await put(fixture.gitlab, job, { state: 'success' });
    const response = await patch(fixture.gitlab, job, '0-4', 'hello');
    expect(response.status).toBe(403);
    expect(response.headers.get('job-status')).toBe('success');
    expect(fixture.gitlab.protocolErrors.at(-1)).toMatchObject({
      message: '403 Forbidden - Job is not running',
    });
  });
});

describe('a log', () => {
  it('has the time at which a text was first complete', async () => {
    await patch(fixture.gitlab, job, '0-4', 'start');
    const between = await fixture.gitlab.waitUntil(() => job.firstSeen('start') ?? undefined);
    expect(job.firstSeen('started')).toBeNull();
    await patch(fixture.gitlab, job, '5-6', 'ed');
    expect(job.firstSeen('started')?.getTime()).toBeGreaterThanOrEqual(between.getTime());
    expect(job.firstSeen('absent')).toBeNull();
  });

  it('has sections with times of the clock of the runner', async () => {
    const log =
      'section_start:1700000000:step_script\r\u001b[0Khi\nsection_end:1700000005:step_script\r\u001b[0K';
    await patch(fixture.gitlab, job, `0-${log.length - 1}`, log);
    expect(job.sections()).toMatchObject([
      { name: 'step_script', startedAt: new Date(1_700_000_000_000), endedAt: new Date(1_700_000_005_000) },
    ]);
    expect(job.sections()[0]?.seenAt).toBeInstanceOf(Date);
  });
});
