import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { jobFamilyPrefix, managerFamily } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  definitionArn,
  describeManagedTasks,
  listTaskArns,
  readEndedTasks,
  readManagedTasks,
} from '../src/ecs-tasks/index.ts';

const mock = mockClient(ECSClient);
const ecs = new ECSClient({ region: 'eu-west-1' });
const arn = (number: number) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${number}`;

beforeEach(() => mock.reset());

describe('reading managed tasks', () => {
  it('follows every page of a list', async () => {
    mock
      .on(ListTasksCommand)
      .resolvesOnce({ taskArns: [arn(1)], nextToken: 'more' })
      .resolvesOnce({ taskArns: [arn(2)] });
    expect(await listTaskArns(ecs, 'cluster', { desiredStatus: 'RUNNING' })).toEqual([arn(1), arn(2)]);
    expect(mock.commandCalls(ListTasksCommand)[1]?.args[0].input).toMatchObject({ nextToken: 'more' });
  });

  it('describes a hundred tasks a call, with their tags', async () => {
    mock.on(DescribeTasksCommand).resolves({ tasks: [] });
    await describeManagedTasks(
      ecs,
      'cluster',
      Array.from({ length: 201 }, (_, index) => arn(index)),
    );
    const calls = mock.commandCalls(DescribeTasksCommand).map((call) => call.args[0].input);
    expect(calls.map(({ tasks }) => tasks?.length)).toEqual([100, 100, 1]);
    expect(calls.every(({ include }) => include?.includes('TAGS'))).toBe(true);
  });

  it('describes nothing when nothing is listed', async () => {
    mock.on(ListTasksCommand).resolves({});
    expect(await readManagedTasks(ecs, 'cluster', [{ startedBy: 'x' }])).toEqual({
      managers: [],
      jobTasks: [],
    });
    expect(mock.commandCalls(DescribeTasksCommand)).toHaveLength(0);
  });

  it('returns managers and job tasks without unmanaged and missing ones, and describes each task once', async () => {
    mock
      .on(ListTasksCommand, { desiredStatus: 'RUNNING' })
      .resolves({ taskArns: [arn(1), arn(2), arn(3), arn(4)] });
    mock.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [arn(1)] });
    mock.on(DescribeTasksCommand).resolves({
      tasks: [
        { taskArn: arn(1), taskDefinitionArn: definitionArn(managerFamily('a')) },
        { taskArn: arn(2), taskDefinitionArn: definitionArn(`${jobFamilyPrefix('a')}1`) },
        { taskArn: arn(3), taskDefinitionArn: definitionArn('web') },
      ],
      failures: [{ arn: arn(4), reason: 'MISSING' }],
    });
    const tasks = await readManagedTasks(ecs, 'cluster', [
      { desiredStatus: 'RUNNING' },
      { desiredStatus: 'STOPPED' },
    ]);
    expect(tasks.managers.map(({ taskArn }) => taskArn)).toEqual([arn(1)]);
    expect(tasks.jobTasks.map(({ taskArn }) => taskArn)).toEqual([arn(2)]);
    expect(mock.commandCalls(DescribeTasksCommand)[0]?.args[0].input.tasks).toHaveLength(4);
  });

  it('reads ended managers and job tasks, and no more pages than the limit allows', async () => {
    mock
      .on(ListTasksCommand, { desiredStatus: 'STOPPED' })
      .resolvesOnce({ taskArns: [arn(1), arn(2)], nextToken: '2' })
      .resolves({ taskArns: [arn(3), arn(4)], nextToken: 'more' });
    mock.on(DescribeTasksCommand).resolves({
      tasks: [
        { taskArn: arn(1), taskDefinitionArn: definitionArn(managerFamily('a')) },
        { taskArn: arn(2), taskDefinitionArn: definitionArn(`${jobFamilyPrefix('a')}1`) },
      ],
    });
    const ended = await readEndedTasks(ecs, 'cluster', 3);
    expect(ended.managers.map(({ taskArn }) => taskArn)).toEqual([arn(1)]);
    expect(ended.jobTasks.map(({ taskArn }) => taskArn)).toEqual([arn(2)]);
    expect(ended.areAll).toBe(false);
    expect(mock.commandCalls(ListTasksCommand)).toHaveLength(2);
    mock.on(ListTasksCommand).resolves({ taskArns: [arn(1), arn(2)] });
    expect(await readEndedTasks(ecs, 'cluster', 3)).toMatchObject({ areAll: true });
  });
});
