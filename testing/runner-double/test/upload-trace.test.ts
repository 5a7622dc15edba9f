import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { Logger } from '../src/log.ts';
import { JobClient } from '../src/network/job-client.ts';
import { TraceBuffer } from '../src/trace/trace-buffer.ts';
import { TRACE_LIMITS, TraceUploader } from '../src/trace/upload-trace.ts';
import { eventually } from './support/eventually.ts';
import { GitLabServer, type ServedJob } from './support/gitlab-server.ts';
import { jobPayload } from './support/job.ts';

const QUICK = {
  ...TRACE_LIMITS,
  updateInterval: 10,
  patchSize: 16,
  finalBackoff: { initial: 5, max: 20 },
};

describe('TraceUploader', () => {
  let server: GitLabServer;
  let job: ServedJob;
  let buffer: TraceBuffer;
  let calls: string[];

  beforeEach(async () => {
    server = await new GitLabServer().start();
    server.updateInterval = 0;
    job = server.enqueue(jobPayload(5, []));
    buffer = new TraceBuffer();
    calls = [];
  });
  afterEach(() => server.stop());

  function uploader(limits = QUICK): TraceUploader {
    const [runner] = parseConfig(`concurrent = 1\n[[runners]]\nurl = "${server.url}"\ntoken = "t"`).runners;
    if (runner === undefined) throw new Error('no runner');
    const silent = new Logger({ format: 'runner', level: 'fatal' }, {}, () => undefined);
    return new TraceUploader(
      new JobClient(runner, job, silent),
      buffer,
      { cancel: () => calls.push('cancel'), abort: () => calls.push('abort') },
      { debug: false, limits },
    );
  }

  it('sends the log while it grows, then the state with the checksum', async () => {
    const trace = uploader();
    trace.start();
    buffer.write(Buffer.from('first '));
    await server.until(() => job.trace.toString() === 'first ');
    buffer.write(Buffer.from('second, which is longer than one patch may be'));
    expect(await trace.finish({ state: 'success' })).toBe(true);
    expect(job.trace.toString()).toBe('first second, which is longer than one patch may be');
    expect(server.finalState(5)).toMatchObject({
      state: 'success',
      checksum: buffer.checksum,
      output: { checksum: buffer.checksum, bytesize: buffer.size },
    });
  });

  it('reports the failure reason and exit code of a job', async () => {
    await uploader().finish({ state: 'failed', failureReason: 'script_failure', exitCode: 3 });
    expect(server.finalState(5)).toMatchObject({
      state: 'failed',
      failure_reason: 'script_failure',
      exit_code: 3,
    });
  });

  it("continues at the server's offset after a range mismatch", async () => {
    job.trace = Buffer.from('0123456789');
    buffer.write(Buffer.from('0123456789abc'));
    await uploader().finish({ state: 'success' });
    expect(job.trace.toString()).toBe('0123456789abc');
  });

  it('resends the whole log after a failed validation', async () => {
    buffer.write(Buffer.from('what was written'));
    const trace = uploader();
    trace.start();
    await server.until(() => job.trace.length > 0);
    job.trace = Buffer.from('what was WRITTEN');
    expect(await trace.finish({ state: 'success' })).toBe(true);
    expect(job.trace.toString()).toBe('what was written');
  });

  it.each([[500], [502], [503], [429]])('retries after %d', async (status) => {
    buffer.write(Buffer.from('text'));
    server.faults.push({ matches: /PATCH/, answer: { status } }, { matches: /PUT/, answer: { status } });
    expect(await uploader().finish({ state: 'success' })).toBe(true);
    expect(job.trace.toString()).toBe('text');
    expect(server.finalState(5)).toMatchObject({ state: 'success' });
  });

  it('waits while the server has not completed the log', async () => {
    server.faults.push({ matches: /PUT/, answer: { status: 202 } });
    expect(await uploader().finish({ state: 'success' })).toBe(true);
    expect(server.finalState(5)).toMatchObject({ state: 'success' });
  });

  it.each([
    ['canceling', 'cancel'],
    ['canceled', 'abort'],
    ['failed', 'abort'],
  ])('forwards Job-Status %s as %s', async (status, call) => {
    job.status = status;
    const trace = uploader();
    trace.start();
    buffer.write(Buffer.from('x'));
    await eventually(() => calls[0]).toBe(call);
    await trace.discard();
  });

  it('treats a rejected token as the end of the job', async () => {
    server.jobs.set(5, { ...job, token: 'another' });
    buffer.write(Buffer.from('x'));
    const trace = uploader();
    trace.start();
    await eventually(() => calls).toEqual(['abort']);
    expect(await trace.finish({ state: 'success' })).toBe(true);
  });

  it('sends keep-alives for a silent job and learns of a cancellation from the response', async () => {
    job.status = 'canceled';
    const trace = uploader({ ...QUICK, keepAliveInterval: 20 });
    trace.start();
    await eventually(() => calls).toEqual(['abort']);
    expect(server.requests.at(-1)).toMatchObject({ method: 'PUT', body: { state: 'running' } });
    await trace.discard();
  });

  it('sends at the interval set by the server', async () => {
    server.updateInterval = 3600;
    const trace = uploader();
    trace.start();
    buffer.write(Buffer.from('one'));
    await server.until(() => job.trace.length === 3);
    buffer.write(Buffer.from('two'));
    await new Promise((resolve) => setTimeout(resolve, 20 * QUICK.updateInterval));
    expect(job.trace.toString()).toBe('one');
    await trace.discard();
  });
});
