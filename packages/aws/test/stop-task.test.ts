import {
  DescribeTasksCommand,
  ECSClient,
  InvalidParameterException,
  StopTaskCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { stopTask, tagTask } from '../src/ecs-tasks/index.ts';

const ecs = mockClient(ECSClient);
const client = new ECSClient({ region: 'eu-west-1' });
const tags = [{ key: 'k', value: 'v' }];
const named = (name: string, status = 400) =>
  Object.assign(new Error('said so'), { name, $metadata: { httpStatusCode: status } });

const answer = {
  stopping: () => ecs.on(StopTaskCommand),
  tagging: () => ecs.on(TagResourceCommand),
};
const calls = [
  ['stopping', answer.stopping, () => stopTask(client, 'ci', 'task', 'the job is over')],
  ['tagging', answer.tagging, () => tagTask(client, 'ci', 'task', tags)],
] as const;

beforeEach(() => {
  ecs.reset();
});

describe.each(calls)('%s a task', (_title, on, call) => {
  it('returns true', async () => {
    on().resolves({});
    expect(await call()).toBe(true);
  });

  it.each(['The referenced task was not found.', 'The specified task is stopped.'])(
    'returns false when ECS answers "%s"',
    async (message) => {
      on().rejects(new InvalidParameterException({ message, $metadata: { httpStatusCode: 400 } }));
      expect(await call()).toBe(false);
    },
  );

  it('returns false when access is denied because StopTask has deleted the tags', async () => {
    on().rejects(named('AccessDeniedException'));
    ecs.on(DescribeTasksCommand, { cluster: 'ci', tasks: ['task'] }).resolves({
      tasks: [{ lastStatus: 'DEACTIVATING', desiredStatus: 'STOPPED' }],
    });
    expect(await call()).toBe(false);
  });

  it.each<[string, { desiredStatus: string }[] | undefined]>([
    ['runs', [{ desiredStatus: 'RUNNING' }]],
    ['is unknown', []],
    ['ECS does not return', undefined],
  ])('throws when access to a task that %s is denied', async (_what, tasks) => {
    on().rejects(named('AccessDeniedException'));
    ecs.on(DescribeTasksCommand).resolves(tasks ? { tasks } : {});
    await expect(call()).rejects.toThrow('said so');
  });

  it.each(['ClusterNotFoundException', 'ThrottlingException', 'ServerException', 'TypeError'])(
    'throws %s',
    async (name) => {
      on().rejects(Object.assign(new Error('said so'), { name }));
      await expect(call()).rejects.toThrow('said so');
    },
  );
});

it('passes the reason for a stop, truncated to AWS’s limit', async () => {
  ecs.on(StopTaskCommand).resolves({});
  await stopTask(client, 'ci', 'task', 'x'.repeat(1000));
  expect(ecs.commandCalls(StopTaskCommand)[0]?.args[0].input).toEqual({
    cluster: 'ci',
    task: 'task',
    reason: 'x'.repeat(255),
  });
});
