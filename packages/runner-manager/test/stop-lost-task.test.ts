import { DescribeTasksCommand, ECSClient, ListTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { stopLostTask } from '../src/job/end/stop-lost-task.ts';
import { createLogger } from '../src/logger.ts';
import { fleetOf } from './support/fleet.ts';

const ecs = mockClient(ECSClient);
const lines: string[] = [];
const context = {
  runTask: {
    ecs: new ECSClient({ region: 'eu-west-1' }),
    cluster: 'ci',
    startedBy: 'manager-task-id',
    fleet: fleetOf(),
  },
  logger: createLogger('DEBUG', (line) => lines.push(line)),
};
const taskOf = (taskArn: string, start: string) => ({
  taskArn,
  tags: toTags({ role: 'job', start }).map(({ key, value }) => ({ key, value })),
});
const stopped = () => ecs.commandCalls(StopTaskCommand).map((call) => call.args[0].input.task);

beforeEach(() => {
  ecs.reset();
  lines.length = 0;
  ecs.on(StopTaskCommand).resolves({});
});

describe('a job task whose RunTask got no response', () => {
  it("is found among the manager's tasks by its start tag, on a later page too, and only it is stopped", async () => {
    ecs
      .on(ListTasksCommand)
      .resolvesOnce({ taskArns: ['a'], nextToken: 'more' })
      .resolvesOnce({ taskArns: ['b', 'c'] });
    ecs
      .on(DescribeTasksCommand)
      .resolvesOnce({ tasks: [taskOf('a', '42-2')] })
      .resolvesOnce({ tasks: [taskOf('b', '43-1'), taskOf('c', '42-1')] });
    await stopLostTask(context, '42-1', new AbortController().signal, [0]);
    expect(stopped()).toEqual(['c']);
    expect(ecs.commandCalls(ListTasksCommand)[0]?.args[0].input).toMatchObject({
      cluster: 'ci',
      startedBy: 'manager-task-id',
    });
  });

  it('is searched for again if ECS does not list it yet or fails', async () => {
    ecs
      .on(ListTasksCommand)
      .resolvesOnce({ taskArns: [] })
      .rejectsOnce(new Error('throttled'))
      .resolves({ taskArns: ['a'] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [taskOf('a', '42-1')] });
    await stopLostTask(context, '42-1', new AbortController().signal, [0, 0, 0, 0]);
    expect(stopped()).toEqual(['a']);
    expect(ecs.commandCalls(ListTasksCommand)).toHaveLength(3);
    expect(lines.join()).toContain('throttled');
  });

  it('that does not exist is searched for a few times, and nothing is stopped', async () => {
    ecs.on(ListTasksCommand).resolves({ taskArns: ['a'] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [taskOf('a', '42-2')] });
    await stopLostTask(context, '42-1', new AbortController().signal, [0, 0]);
    expect(stopped()).toEqual([]);
  });

  it('is not searched for by a leaving manager', async () => {
    await stopLostTask(context, '42-1', AbortSignal.abort(), [60_000]);
    expect(ecs.calls()).toEqual([]);
  });
});
