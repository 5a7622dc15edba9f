import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type JobSession, releaseSession } from '../src/job/job-session.ts';
import { startHeartbeat } from '../src/job/start/start-heartbeat.ts';
import { type ExecutorBed, makeExecutorBed } from './support/executor-bed.ts';
import { sessionOf } from './support/job.ts';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed();
  vi.useFakeTimers();
});

afterEach(async () => {
  vi.useRealTimers();
  await bed.remove();
});

function sessionWith(ask: () => Promise<{ stdout: string; stderr: string }>): JobSession {
  return { ...sessionOf(), connection: { ask, reopen: vi.fn(), close: vi.fn() } };
}

describe('the helper', () => {
  it('hears of its manager four times in its patience, as long as the job lives, and not longer', async () => {
    const ask = vi.fn(async () => ({ stdout: '', stderr: '' }));
    const session = sessionWith(ask);
    startHeartbeat(bed.context, session);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
    expect(ask).toHaveBeenCalledWith('heartbeat');
    releaseSession(session);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('is told again when it once did not hear', async () => {
    const ask = vi.fn(async (): Promise<{ stdout: string; stderr: string }> => {
      throw new Error('connection lost');
    });
    const session = sessionWith(ask);
    startHeartbeat(bed.context, session);
    await vi.advanceTimersByTimeAsync(150_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(bed.log.join()).toContain('connection lost');
    releaseSession(session);
  });
});
