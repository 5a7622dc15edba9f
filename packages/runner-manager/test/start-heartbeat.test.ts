import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHeartbeat } from '../src/job/start/start-heartbeat.ts';
import { type ExecutorFixture, makeExecutorFixture, TASK_ARN } from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
  vi.useFakeTimers();
});

afterEach(async () => {
  vi.useRealTimers();
  await fixture.remove();
});

describe('the helper', () => {
  it('gets four heartbeats within its timeout, as long as the job runs', async () => {
    const ask = vi.fn(async () => ({ stdout: '', stderr: '' }));
    const stop = startHeartbeat(fixture.context, { ask }, TASK_ARN);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
    expect(ask).toHaveBeenCalledWith('heartbeat');
    stop();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('gets further heartbeats after one failed', async () => {
    const ask = vi.fn(async (): Promise<{ stdout: string; stderr: string }> => {
      throw new Error('connection lost');
    });
    const stop = startHeartbeat(fixture.context, { ask }, TASK_ARN);
    await vi.advanceTimersByTimeAsync(150_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(fixture.log.join()).toContain('connection lost');
    stop();
  });
});
