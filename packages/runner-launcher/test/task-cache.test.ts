import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { aheadTaskGroup, jobTaskGroup, toTags } from '@serverless-gitlab-runner/fleet';
import { expect, it } from 'vitest';
import { createTaskCache } from '../src/index.ts';
import { createFakeEcs } from './support/fake-ecs.ts';
import { managerTags, named } from './support/launcher.ts';

/** A cache over a cluster with one manager and some job tasks, at a time that the test sets. */
function createCache(jobs = 0) {
  const at = { now: 0 };
  const ecs = createFakeEcs(() => at.now);
  const cache = createTaskCache(() => at.now);
  ecs.add({ tags: managerTags() });
  const addJob = (jobId: number) =>
    ecs.add({ tags: toTags({ role: 'job', fleet: 'default' }), group: jobTaskGroup(jobId) });
  for (let jobId = 1; jobId <= jobs; jobId += 1) addJob(jobId);
  return {
    at,
    ecs,
    addJob,
    read: () => cache.read(ecs.client, 'cluster'),
    lists: () => ecs.mock.commandCalls(ListTasksCommand).length,
    /** Number of tasks of each DescribeTasks. */
    described: () =>
      ecs.mock.commandCalls(DescribeTasksCommand).map(({ args }) => args[0].input.tasks?.length),
  };
}

it.each([
  [0, 800],
  [99, 800],
  [100, 1600],
  [999, 20_000],
])('caches a read of one manager and %i new job tasks for %i ms', async (jobs, milliseconds) => {
  const { at, read } = createCache(jobs);
  const first = await read();
  expect(first.managers).toHaveLength(1);
  expect(first.jobTasks).toHaveLength(jobs);
  at.now = milliseconds - 1;
  expect(await read()).toBe(first);
  at.now = milliseconds;
  expect(await read()).not.toBe(first);
});

it('describes a job task once, and managers each time', async () => {
  const { at, ecs, addJob, read, described } = createCache(250);
  await read();
  expect(described()).toEqual([100, 100, 51]);
  addJob(251);
  const [manager = ''] = ecs.tasks.keys();
  ecs.change(manager, () => ({ tags: managerTags({ drain: '2026-11-23T10:00:00.000Z' }) }));
  at.now = 60_000;
  const { managers, jobTasks } = await read();
  expect(described()).toEqual([100, 100, 51, 2]);
  expect(managers[0]?.drainAt).toBe(Date.parse('2026-11-23T10:00:00.000Z'));
  expect(jobTasks.map(({ jobId }) => jobId).toSorted()).toEqual(
    Array.from({ length: 251 }, (_, index) => index + 1).toSorted(),
  );
});

it('forgets a job task that ECS no longer lists', async () => {
  const { at, ecs, addJob, read } = createCache();
  const arn = addJob(7);
  expect((await read()).jobTasks).toHaveLength(1);
  ecs.stop(arn);
  at.now = 60_000;
  expect((await read()).jobTasks).toHaveLength(0);
});

it('describes a task that waits for a job again, since a job may claim it', async () => {
  const { at, ecs, read } = createCache();
  const arn = ecs.add({
    tags: toTags({ role: 'job', fleet: 'default', ahead: '2026-11-23T10:00:00.000Z' }),
    group: aheadTaskGroup('1'),
  });
  expect((await read()).jobTasks).toMatchObject([{ jobId: undefined }]);
  ecs.change(arn, ({ tags = [] }) => ({ tags: [...tags, ...toTags({ jobId: '8' })] }));
  at.now = 60_000;
  expect((await read()).jobTasks).toMatchObject([{ jobId: 8 }]);
});

it('counts the age from the start of the read, and does not cache a failed read', async () => {
  const { at, ecs, read, lists } = createCache();
  ecs.mock
    .on(ListTasksCommand)
    .rejectsOnce(named('ThrottlingException'))
    .callsFake(() => {
      at.now += 800;
      return { taskArns: [...ecs.tasks.keys()] };
    });
  await expect(read()).rejects.toThrow();
  await read();
  await read();
  expect(lists()).toBe(3);
});
