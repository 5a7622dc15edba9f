import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import type { ManagedTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** ListTasks and DescribeTasks handle at most 100 tasks a call. */
const TASKS_PER_CALL = 100;
/**
 * Milliseconds of caching for each call that a read took. A launcher thus makes at most 2.5 such calls a second, and two
 * launchers a quarter of the 20 a second that the account gains, however many batches arrive.
 */
const CACHED_PER_CALL_MS = 400;

/**
 * Shares a recent read of ECS between batches that arrive together. Staleness does no harm, since reads of ECS may lag anyway: a
 * manager is marked and read again before a job relies on it, a slot is filled by its client token, and a job's message comes
 * back until the job has a task.
 */
export interface TaskCache {
  /** Returns the cached tasks, or calls `read`. @throws errors of `read` */
  read(read: () => Promise<ManagedTasks>): Promise<ManagedTasks>;
}

/** @param now milliseconds since 1970 */
export function createTaskCache(now: () => number): TaskCache {
  const cache = createTimedCache<ManagedTasks>({ now });
  return {
    async read(read) {
      const cached = cache.get('all');
      if (cached) return cached;
      const startedAt = now();
      const tasks = await read();
      const found = tasks.managers.length + tasks.jobTasks.length;
      const calls = 2 * Math.max(1, Math.ceil(found / TASKS_PER_CALL));
      cache.set('all', tasks, startedAt + calls * CACHED_PER_CALL_MS - now());
      return tasks;
    },
  };
}
