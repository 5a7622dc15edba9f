import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { createRunnerCloser, mayQuit } from '../src/manager/close-runner.ts';
import { countOpenRequests } from '../src/manager/runner-metrics.ts';

describe('SIGQUIT', () => {
  const facts = { elapsedMs: 7000, openRequests: 0, checkIntervalMs: 3000, patienceMs: 65_000 };
  it.each([
    ['when nothing is open and the runner has read its new configuration', {}, true],
    ['not before the runner has surely read it', { elapsedMs: 6900 }, false],
    ['later where the runner asks less often', { checkIntervalMs: 10_000 }, false],
    ['not while GitLab holds a request open', { openRequests: 1, elapsedMs: 60_000 }, false],
    ['not while the runner does not say', { openRequests: undefined, elapsedMs: 60_000 }, false],
    ['whatever is open when patience is over', { openRequests: 1, elapsedMs: 65_000 }, true],
  ])('%s', (_, more, expected) => {
    expect(mayQuit({ ...facts, ...more })).toBe(expected);
  });
});

describe('open requests', () => {
  it.each([
    ['none before the first', '# HELP gitlab_runner_request_concurrency The …\n', 0],
    ['of a runner', 'gitlab_runner_request_concurrency{runner="abc"} 1\n', 1],
    [
      'of all runners, and no other metric',
      'gitlab_runner_request_concurrency{runner="a",system_id="s_1"} 1\ngitlab_runner_request_concurrency{runner="b"} 2\ngitlab_runner_request_concurrency_exceeded_total{runner="a"} 7\n',
      3,
    ],
  ])('are counted: %s', (_, metrics, expected) => {
    expect(countOpenRequests(metrics)).toBe(expected);
  });
});

describe('a runner that is closed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function closed(openRequests: () => number | undefined) {
    const steps: string[] = [];
    const exited = Promise.withResolvers<void>();
    const close = createRunnerCloser({
      emptyConfig: async () => void steps.push('empty'),
      openRequests: async () => openRequests(),
      quit: () => void steps.push(`quit after ${Math.round((Date.now() - begin) / 1000)} s`),
      exited: exited.promise,
      checkIntervalMs: 3000,
      logger: createLogger('ERROR', () => {}),
    });
    const begin = Date.now();
    return { steps, close, exit: exited.resolve };
  }

  it('reads an empty configuration before it is told to quit', async () => {
    const { steps, close } = closed(() => 0);
    close(65_000);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(steps).toEqual(['empty', 'quit after 7 s']);
  });

  it('keeps the request that GitLab holds open until it is answered', async () => {
    const answeredAt = Date.now() + 40_000;
    const { steps, close } = closed(() => (Date.now() < answeredAt ? 1 : 0));
    close(65_000);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty', 'quit after 40 s']);
  });

  it('is told to quit sooner when ECS stops it meanwhile', async () => {
    const { steps, close } = closed(() => 1);
    close(65_000);
    await vi.advanceTimersByTimeAsync(5000);
    close(10_000);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty', 'quit after 15 s']);
  });

  it('is told nothing when it has exited by itself', async () => {
    const { steps, close, exit } = closed(() => undefined);
    close(65_000);
    exit();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty']);
  });
});
