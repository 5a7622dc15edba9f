import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type JobSession, releaseSession } from '../src/job/job-session.ts';
import { startHeartbeat } from '../src/job/start/start-heartbeat.ts';
import { type ExecutorFixture, makeExecutorFixture } from './support/executor-fixture.ts';
import { sessionOf } from './support/job.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
  vi.useFakeTimers();
});

afterEach(async () => {
  vi.useRealTimers();
  await fixture.remove();
});

function sessionWith(ask: () => Promise<{ stdout: string; stderr: string }>): JobSession {
  return { ...sessionOf(), connection: { ask, reopen: vi.fn(), close: vi.fn() } };
}

describe('the helper', () => {
  it('gets four heartbeats within its timeout, as long as the job runs', async () => {
    const ask = vi.fn(async () => ({ stdout: '', stderr: '' }));
    const session = sessionWith(ask);
    startHeartbeat(fixture.context, session);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
    expect(ask).toHaveBeenCalledWith('heartbeat');
    releaseSession(session);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('gets further heartbeats after one failed', async () => {
    const ask = vi.fn(async (): Promise<{ stdout: string; stderr: string }> => {
      throw new Error('connection lost');
    });
    const session = sessionWith(ask);
    startHeartbeat(fixture.context, session);
    await vi.advanceTimersByTimeAsync(150_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(fixture.log.join()).toContain('connection lost');
    releaseSession(session);
  });
});
