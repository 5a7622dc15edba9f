import { ECSClient, ListTagsForResourceCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import type { RunnerApi } from '../src/manager/gitlab-api.ts';
import { type ManagerEnd, superviseRunner } from '../src/manager/supervise-runner.ts';
import { drainPollSeconds } from '../src/manager/watch-drain.ts';
import { fleetOf } from './support/fleet.ts';

const ecs = mockClient(ECSClient);
const TASK_ARN = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/fedcba9876543210';
const DRAIN = [{ key: 'serverless-gitlab-runner:drain', value: '2026-11-24T08:00:00.000Z' }];

/** A manager whose runner does as a test says. */
function supervised(managers = 1) {
  const exited = Promise.withResolvers<{ code: number | null; how: string }>();
  const runner = { finish: vi.fn(), terminate: vi.fn(), exited: exited.promise };
  const api: RunnerApi = {
    verify: vi.fn<RunnerApi['verify']>().mockResolvedValue('accepted'),
    verifyWithRetries: vi.fn<RunnerApi['verifyWithRetries']>(),
    unregister: vi.fn<RunnerApi['unregister']>(),
  };
  const stop = new AbortController();
  const end = superviseRunner({
    runner,
    api,
    identity: { fleet: fleetOf(), token: 'glrt-x', taskArn: TASK_ARN, authorities: undefined },
    ecs: new ECSClient({ region: 'eu-west-1' }),
    managers: () => managers,
    logger: createLogger('ERROR', () => {}),
    stop: stop.signal,
  });
  return {
    runner,
    api,
    stop,
    end,
    exit: (code: number) => exited.resolve({ code, how: `exit code ${code}` }),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  ecs.reset();
  ecs.on(ListTagsForResourceCommand).resolves({ tags: [] });
});

it.each([
  [1, 10, 10],
  [10, 10, 10],
  [50, 10, 50],
  [100, 10, 60],
  [50, 0.5, 2.5],
  [50, 60, 60],
])('%i managers, configured to %d s, read their tags every %d s', (managers, configured, seconds) => {
  expect(drainPollSeconds(configured, managers)).toBe(seconds);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a manager', () => {
  it('lets its runner finish once when it has the drain tag, and exits with 0', async () => {
    const { runner, end, exit } = supervised();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runner.finish).not.toHaveBeenCalled();
    ecs.on(ListTagsForResourceCommand).resolves({ tags: DRAIN });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runner.finish.mock.calls).toEqual([[{ askMs: 225_000, quitMs: 65_000 }]]);
    expect(runner.terminate).not.toHaveBeenCalled();
    exit(0);
    expect(await end).toEqual<ManagerEnd>({ reason: 'drained', exitCode: 0 });
  });

  it('polls the tag again after a failed poll', async () => {
    ecs.on(ListTagsForResourceCommand).rejectsOnce(new Error('Rate exceeded')).resolves({ tags: DRAIN });
    const { runner } = supervised();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(runner.finish).toHaveBeenCalledTimes(1);
  });

  it('reads its tags less often the more managers there are', async () => {
    supervised(50);
    await vi.advanceTimersByTimeAsync(49_000);
    expect(ecs.commandCalls(ListTagsForResourceCommand)).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(ecs.commandCalls(ListTagsForResourceCommand)).toHaveLength(1);
  });

  it('waits as long as jobs take when it is drained', async () => {
    ecs.on(ListTagsForResourceCommand).resolves({ tags: DRAIN });
    const { runner } = supervised();
    await vi.advanceTimersByTimeAsync(24 * 3600_000);
    expect(runner.terminate).not.toHaveBeenCalled();
  });

  it('that ECS stops lets its runner finish, and terminates it before ECS kills the task', async () => {
    const { runner, stop, end, exit } = supervised();
    stop.abort();
    expect(runner.finish.mock.calls).toEqual([[{ askMs: 0, quitMs: 10_000 }]]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(runner.terminate).toHaveBeenCalledTimes(1);
    exit(1);
    expect(await end).toEqual<ManagerEnd>({ reason: 'terminated', exitCode: 0 });
  });

  it('ends when its runner exits by itself, and reports that', async () => {
    const { end, exit } = supervised();
    exit(0);
    expect(await end).toEqual<ManagerEnd>({ reason: 'runner-exited', exitCode: 70 });
  });

  it('keeps the exit code of a runner that failed', async () => {
    const { end, exit } = supervised();
    exit(3);
    expect(await end).toEqual<ManagerEnd>({ reason: 'runner-exited', exitCode: 3 });
  });

  it('ends when GitLab no longer accepts its token, instead of idling', async () => {
    const { runner, api, end, exit } = supervised();
    vi.mocked(api.verify).mockResolvedValue('refused');
    await vi.advanceTimersByTimeAsync(150_000);
    expect(runner.finish).toHaveBeenCalledTimes(1);
    exit(0);
    expect(await end).toEqual<ManagerEnd>({ reason: 'runner-token-refused', exitCode: 78 });
  });

  it('keeps running while GitLab is unreachable', async () => {
    const { runner, api } = supervised();
    vi.mocked(api.verify).mockResolvedValue('unreachable');
    await vi.advanceTimersByTimeAsync(3600_000);
    expect(runner.finish).not.toHaveBeenCalled();
  });
});
