import {
  DescribeTasksCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  type ListTasksCommandInput,
  RunTaskCommand,
  StopTaskCommand,
  type Tag,
  TagResourceCommand,
  type Task,
  UntagResourceCommand,
} from '@aws-sdk/client-ecs';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import { CLUSTER, EmulatorFixture, NETWORK, shell } from './support/emulator-fixture.ts';

const KEPT_SECONDS = 4;

let fixture: EmulatorFixture;
let sleeping: string;
let running: Task;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('queries', { stoppedTasksKeptSeconds: KEPT_SECONDS });
  sleeping = await fixture.register([shell('main', 'exec sleep 300', { stopTimeout: 1 })], {
    tags: [{ key: 'of', value: 'the definition' }],
  });
  running = await fixture.run(sleeping, { startedBy: 'manager-1', tags: [{ key: 'role', value: 'job' }] });
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function list(input: Partial<ListTasksCommandInput>): Promise<string[]> {
  return (await fixture.ecs.send(new ListTasksCommand({ cluster: CLUSTER, ...input }))).taskArns ?? [];
}

async function tags(resourceArn: string | undefined): Promise<Tag[]> {
  return (await fixture.ecs.send(new ListTagsForResourceCommand({ resourceArn }))).tags ?? [];
}

describe('ListTasks', () => {
  it('finds tasks by startedBy alone, and by family', async () => {
    const other = await fixture.run(sleeping);
    expect(await list({ startedBy: 'manager-1' })).toEqual([running.taskArn]);
    expect(await list({ family: sleeping })).toEqual([running.taskArn, other.taskArn]);
    expect(await list({ family: 'another' })).toEqual([]);
    await fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: other.taskArn }));
  });

  it('finds no tasks with the desired status PENDING', async () => {
    const fresh = await fixture.run(sleeping);
    expect(await list({ desiredStatus: 'PENDING' })).toEqual([]);
    expect(await list({ desiredStatus: 'RUNNING' })).toContain(fresh.taskArn);
    await fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: fresh.taskArn }));
    expect(await list({ desiredStatus: 'RUNNING' })).not.toContain(fresh.taskArn);
    expect(await list({ desiredStatus: 'STOPPED' })).toContain(fresh.taskArn);
  });

  it('pages', async () => {
    const more = await Promise.all([fixture.run(sleeping), fixture.run(sleeping)]);
    const first = await fixture.ecs.send(
      new ListTasksCommand({ cluster: CLUSTER, family: sleeping, maxResults: 2 }),
    );
    const { nextToken } = first;
    const second = await fixture.ecs.send(
      new ListTasksCommand({ cluster: CLUSTER, family: sleeping, nextToken }),
    );
    const found = [...(first.taskArns ?? []), ...(second.taskArns ?? [])];
    expect(first.taskArns).toHaveLength(2);
    expect(new Set(found)).toEqual(new Set([running, ...more].map((task) => task.taskArn)));
  });

  it('lists a stopped task for the configured time', async () => {
    const task = await fixture.runToEnd([shell('main', 'true')]);
    expect(await list({ desiredStatus: 'STOPPED' })).toContain(task.taskArn);
    await until('the end of that time', async () => {
      const stopped = await list({ desiredStatus: 'STOPPED' });
      return stopped.includes(task.taskArn ?? '') ? undefined : true;
    });
    expect(Date.now() - (task.stoppedAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(KEPT_SECONDS * 1000);
    const input = { cluster: CLUSTER, tasks: [task.taskArn ?? ''] };
    const { failures } = await fixture.ecs.send(new DescribeTasksCommand(input));
    expect(failures).toEqual([{ arn: task.taskArn, reason: 'MISSING' }]);
  });
});

describe('DescribeTasks', () => {
  it('returns tags only on request', async () => {
    const input = { cluster: CLUSTER, tasks: [running.taskArn ?? ''] };
    const without = await fixture.ecs.send(new DescribeTasksCommand(input));
    const withTags = await fixture.ecs.send(new DescribeTasksCommand({ ...input, include: ['TAGS'] }));
    expect(without.tasks?.[0]?.tags).toEqual([]);
    expect(withTags.tasks?.[0]?.tags).toEqual([{ key: 'role', value: 'job' }]);
  });

  it('accepts ids and ARNs, and returns MISSING for unknown tasks', async () => {
    const id = running.taskArn?.split('/').at(-1) ?? '';
    const input = { cluster: CLUSTER, tasks: [id, 'no-such-task'] };
    const { tasks, failures } = await fixture.ecs.send(new DescribeTasksCommand(input));
    expect(tasks?.map((task) => task.taskArn)).toEqual([running.taskArn]);
    const arn = `arn:aws:ecs:us-east-1:000000000000:task/${CLUSTER}/no-such-task`;
    expect(failures).toEqual([{ arn, reason: 'MISSING' }]);
  });
});

describe('tags of a task', () => {
  it('are added, replaced and removed', async () => {
    const resourceArn = running.taskArn;
    const drain = { key: 'serverless-gitlab-runner:drain', value: '2026-11-24T08:00:00.000Z' };
    await fixture.ecs.send(
      new TagResourceCommand({ resourceArn, tags: [drain, { key: 'role', value: 'manager' }] }),
    );
    expect(await tags(resourceArn)).toEqual([{ key: 'role', value: 'manager' }, drain]);
    await fixture.ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: [drain.key, 'not there'] }));
    expect(await tags(resourceArn)).toEqual([{ key: 'role', value: 'manager' }]);
  });

  it('are copied from the task definition on request', async () => {
    const task = await fixture.run(sleeping, {
      propagateTags: 'TASK_DEFINITION',
      tags: [{ key: 'a', value: 'b' }],
    });
    expect((await fixture.describe(task.taskArn)).tags).toEqual([
      { key: 'of', value: 'the definition' },
      { key: 'a', value: 'b' },
    ]);
  });
});

describe('clientToken', () => {
  const request = (clientToken: string, count = 1) => ({
    cluster: CLUSTER,
    taskDefinition: sleeping,
    launchType: 'FARGATE' as const,
    networkConfiguration: NETWORK,
    clientToken,
    count,
  });

  it('makes repeated calls start nothing more, even concurrent ones', async () => {
    const calls = [1, 2, 3, 4].map(() => fixture.ecs.send(new RunTaskCommand(request('same', 2))));
    const arns = (await Promise.all(calls)).map(({ tasks = [] }) => tasks.map((task) => task.taskArn));
    expect(new Set(arns.flat()).size).toBe(2);
    expect(arns.every((each) => each.length === 2)).toBe(true);
  });

  it('refuses a different call with the same token, and names the existing tasks', async () => {
    const { tasks = [] } = await fixture.ecs.send(new RunTaskCommand(request('taken')));
    const other = fixture.ecs.send(new RunTaskCommand(request('taken', 2)));
    await expect(other).rejects.toMatchObject({
      name: 'ConflictException',
      resourceIds: tasks.map((task) => task.taskArn),
    });
  });
});

describe('StopTask', () => {
  const stop = (task: string | undefined) =>
    fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task }));
  const tagged = () =>
    fixture.run(sleeping, { tags: [{ key: 'role', value: 'job' }], startedBy: 'm', group: 'job-1' });

  it('deletes the task’s tags, and keeps the other parameters of RunTask', async () => {
    const task = await tagged();
    await stop(task.taskArn);
    expect(await fixture.describe(task.taskArn)).toMatchObject({ tags: [], startedBy: 'm', group: 'job-1' });
  });

  it('and TagResource are refused afterwards, as for roles whose permission depends on a tag', async () => {
    const { taskArn: resourceArn } = await tagged();
    await stop(resourceArn);
    await expect(stop(resourceArn)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const again = fixture.ecs.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'a', value: 'b' }] }));
    await expect(again).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('keeps the tags if the switch is set', async () => {
    const switches = new EmulatorSwitches(fixture.emulator.endpoint);
    await switches.setStopKeepsTags(true);
    const task = await tagged();
    await stop(task.taskArn);
    expect((await fixture.describe(task.taskArn)).tags).toEqual([{ key: 'role', value: 'job' }]);
    await stop(task.taskArn);
    await switches.reset();
  });
});
