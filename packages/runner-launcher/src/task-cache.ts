import type { ManagedTasks } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** ListTasks and DescribeTasks take a hundred tasks each. */
const TASKS_PER_CALL = 100;
/**
 * Milliseconds for which a look is held, by each call that it took: a launcher makes 2.5 such calls a second at most, and two
 * of them a quarter of the 20 that the account's bucket is filled with, however many batches there are.
 */
const HELD_PER_CALL_MS = 400;

/**
 * What ECS said a moment ago, for the batches of that moment. It may be as old as a read that lags: whoever relies on a
 * manager marks it and reads it again, a place is filled by its token, and a job is looked at again until it has a task.
 */
export interface TaskCache {
  /** Those that are held, or else those that `look` finds. @throws what `look` throws */
  read(look: () => Promise<ManagedTasks>): Promise<ManagedTasks>;
}

/** @param now milliseconds since 1970 */
export function createTaskCache(now: () => number): TaskCache {
  let held: { tasks: ManagedTasks; until: number } | undefined;
  return {
    async read(look) {
      const startedAt = now();
      if (held && startedAt < held.until) return held.tasks;
      const tasks = await look();
      const found = tasks.managers.length + tasks.jobTasks.length;
      const calls = 2 * Math.max(1, Math.ceil(found / TASKS_PER_CALL));
      held = { tasks, until: startedAt + calls * HELD_PER_CALL_MS };
      return tasks;
    },
  };
}
