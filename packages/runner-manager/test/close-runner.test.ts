import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { type ClosingRunner, createRunnerCloser, nextClosingStep } from '../src/manager/close-runner.ts';
import { countJobRequests, type JobRequests } from '../src/manager/runner-metrics.ts';

const DRAIN = { askMs: 225_000, quitMs: 65_000 };
const STOP = { askMs: 0, quitMs: 10_000 };

describe('a runner that is to leave', () => {
  const before: ClosingRunner = {
    requests: { open: 0, answered: 3 },
    emptiedMs: undefined,
    checkIntervalMs: 3000,
    askLeftMs: 200_000,
    quitLeftMs: 65_000,
  };
  const after = { ...before, emptiedMs: 7000, quitLeftMs: 58_000 };
  it.each<[string, ClosingRunner, string]>([
    ['is emptied when GitLab has answered it', before, 'empty'],
    ['asks on when it never had an answer', { ...before, requests: { open: 1, answered: 0 } }, 'ask'],
    ['asks on while it does not say', { ...before, requests: undefined }, 'ask'],
    ['is emptied when GitLab stays away', { ...before, requests: undefined, askLeftMs: 0 }, 'empty'],
    ['quits when it has read that and nothing is open', after, 'quit'],
    ['waits until it has surely read it', { ...after, emptiedMs: 6900 }, 'wait'],
    ['waits longer where it asks less often', { ...after, checkIntervalMs: 10_000 }, 'wait'],
    ['waits for an open request', { ...after, requests: { open: 1, answered: 3 } }, 'wait'],
    ['waits while it does not say', { ...after, requests: undefined }, 'wait'],
    [
      'quits whatever is open in the end',
      { ...after, requests: { open: 1, answered: 3 }, quitLeftMs: 0 },
      'quit',
    ],
  ])('%s', (_, runner, expected) => {
    expect(nextClosingStep(runner)).toBe(expected);
  });
});

describe("requests in a runner's metrics", () => {
  it.each([
    ['none before the first', '# HELP gitlab_runner_request_concurrency The …\n', { open: 0, answered: 0 }],
    [
      'open ones of all runners, and no other metric',
      'gitlab_runner_request_concurrency{runner="a",system_id="s_1"} 1\ngitlab_runner_request_concurrency{runner="b"} 2\ngitlab_runner_request_concurrency_exceeded_total{runner="a"} 7\n',
      { open: 3, answered: 0 },
    ],
    [
      'answers with and without a job, and no failures',
      ['201', '204', '403', '500', '-1']
        .map(
          (status) =>
            `gitlab_runner_api_request_statuses_total{endpoint="request_job",runner="a",status="${status}"} 2\n`,
        )
        .concat('gitlab_runner_api_request_statuses_total{endpoint="update_job",runner="a",status="200"} 9\n')
        .join(''),
      { open: 0, answered: 4 },
    ],
  ])('are counted: %s', (_, metrics, expected) => {
    expect(countJobRequests(metrics)).toEqual(expected);
  });
});

describe('closing', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function closing(requests: () => JobRequests | undefined) {
    const begin = Date.now();
    const seconds = () => Math.round((Date.now() - begin) / 1000);
    const steps: string[] = [];
    const exited = Promise.withResolvers<void>();
    const close = createRunnerCloser({
      emptyConfig: async () => void steps.push(`empty after ${seconds()} s`),
      jobRequests: async () => requests(),
      quit: () => void steps.push(`quit after ${seconds()} s`),
      exited: exited.promise,
      checkIntervalMs: 3000,
      logger: createLogger('ERROR', () => {}),
    });
    return { steps, close, exit: exited.resolve, seconds };
  }

  it('empties the configuration, and sends SIGQUIT once the runner has read it', async () => {
    const { steps, close } = closing(() => ({ open: 0, answered: 1 }));
    close(DRAIN);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(steps).toEqual(['empty after 0 s', 'quit after 7 s']);
  });

  it('keeps the request that GitLab holds open until it is answered', async () => {
    const { steps, close, seconds } = closing(() => ({ open: seconds() < 40 ? 1 : 0, answered: 1 }));
    close(DRAIN);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty after 0 s', 'quit after 40 s']);
  });

  it('lets a runner without any answer keep requesting', async () => {
    const { steps, close, seconds } = closing(() => ({ open: 0, answered: seconds() < 100 ? 0 : 1 }));
    close(DRAIN);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty after 100 s', 'quit after 107 s']);
  });

  it('gives up if GitLab stays unreachable', async () => {
    const { steps, close } = closing(() => ({ open: 1, answered: 0 }));
    close(DRAIN);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(steps).toEqual(['empty after 225 s', 'quit after 290 s']);
  });

  it('shortens its timeouts when ECS stops the manager meanwhile', async () => {
    const { steps, close } = closing(() => ({ open: 1, answered: 1 }));
    close(DRAIN);
    await vi.advanceTimersByTimeAsync(5000);
    close(STOP);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(steps).toEqual(['empty after 0 s', 'quit after 15 s']);
  });

  it('ends when the runner has exited by itself', async () => {
    const { steps, close, exit } = closing(() => undefined);
    close(DRAIN);
    exit();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(steps).toEqual([]);
  });
});
