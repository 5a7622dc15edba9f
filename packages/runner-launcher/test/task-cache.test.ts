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
])('a look at a manager and %i job tasks is held for %i ms', async (jobs, milliseconds) => {
  let now = 0;
  let looks = 0;
  const held = createTaskCache(() => now);
  const look = async () => {
    looks += 1;
    return tasks(jobs);
  };
  const first = await held.read(look);
  now = milliseconds - 1;
  expect(await held.read(look)).toBe(first);
  now = milliseconds;
  expect(await held.read(look)).not.toBe(first);
  expect(looks).toBe(2);
});

it('is as old as its beginning, and a look that fails is not held', async () => {
  let now = 0;
  let looks = 0;
  const held = createTaskCache(() => now);
  const look = async () => {
    looks += 1;
    if (looks === 1) throw new Error('no');
    now += 800;
    return tasks(0);
  };
  await expect(held.read(look)).rejects.toThrow('no');
  await held.read(look);
  await held.read(look);
  expect(looks).toBe(3);
});
