import {
  jobTaskFacts,
  type ManagedTasks,
  managerFacts,
  taskIdNumber,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { expect, it } from 'vitest';
import { createTaskCache } from '../src/index.ts';

const tasks = (jobs: number): ManagedTasks => ({
  managers: [managerFacts()],
  jobTasks: Array.from({ length: jobs }, (_, index) => jobTaskFacts({ taskId: taskIdNumber(index) })),
});

it.each([
  [0, 800],
  [99, 800],
  [100, 1600],
  [999, 8000],
])('caches a read of one manager and %i job tasks for %i ms', async (jobs, milliseconds) => {
  let now = 0;
  let reads = 0;
  const cache = createTaskCache(() => now);
  const read = async () => {
    reads += 1;
    return tasks(jobs);
  };
  const first = await cache.read(read);
  now = milliseconds - 1;
  expect(await cache.read(read)).toBe(first);
  now = milliseconds;
  expect(await cache.read(read)).not.toBe(first);
  expect(reads).toBe(2);
});

it('counts the age from the start of the read, and does not cache a failed read', async () => {
  let now = 0;
  let reads = 0;
  const cache = createTaskCache(() => now);
  const read = async () => {
    reads += 1;
    if (reads === 1) throw new Error('no');
    now += 800;
    return tasks(0);
  };
  await expect(cache.read(read)).rejects.toThrow('no');
  await cache.read(read);
  await cache.read(read);
  expect(reads).toBe(3);
});
