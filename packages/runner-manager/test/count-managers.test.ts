import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogger } from '../src/logger.ts';
import { countManagers } from '../src/manager/count-managers.ts';

const mock = mockClient(ECSClient);
const client = new ECSClient({ region: 'eu-west-1' });
const logger = createLogger('ERROR', () => {});

beforeEach(() => {
  mock.reset();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('counts the managers of all fleets at once, and again every minute', async () => {
  mock
    .on(ListTasksCommand, { cluster: 'ci', startedBy: 'serverless-gitlab-runner' })
    .resolvesOnce({ taskArns: ['a', 'b', 'c'] })
    .rejectsOnce(new Error('no'))
    .resolves({ taskArns: [] });
  const managers = countManagers(client, 'ci', logger);
  expect(managers.now()).toBe(1);
  await vi.advanceTimersByTimeAsync(0);
  expect(managers.now()).toBe(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(managers.now()).toBe(3);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(managers.now()).toBe(1);
  managers.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(mock.commandCalls(ListTasksCommand)).toHaveLength(3);
});
