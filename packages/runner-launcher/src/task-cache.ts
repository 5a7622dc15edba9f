import type { ECSClient } from '@aws-sdk/client-ecs';
import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import {
  describeManagedTasks,
  type JobTaskFacts,
  listTaskArns,
  type ManagedTasks,
} from '@serverless-gitlab-runner/aws/ecs-tasks';

/** ListTasks and DescribeTasks handle at most 100 tasks a call. */
const TASKS_PER_CALL = 100;
/**
 * Milliseconds of caching for each call that a read took. A small cluster's reads are covered by the capacity of a launcher's share
 * (`ECS_SHARES`), and managers that live for seconds must be noticed. Reading a large cluster takes half of the time at most, and
 * the batches in between need not wait.
 */
const CACHED_PER_CALL_MS = { small: 400, large: 1000 } as const;
const MAX_CALLS_OF_SMALL = 4;

/**
 * The managed tasks of the cluster whose desired status is RUNNING, read from ECS with few calls. Batches that arrive together
 * share a read. A job task that has its job never changes while it runs, so it is described once.
 *
 * Staleness does no harm, since reads of ECS may lag anyway: a manager is marked and read again before a job relies on it, a slot
 * is filled by its client token, and a job's message comes back until the job has a task.
 */
export interface TaskCache {
  /** @throws errors of ECS; nothing is cached then */
  read(ecs: ECSClient, cluster: string): Promise<ManagedTasks>;
}

/** @param now milliseconds since 1970 */
export function createTaskCache(now: () => number): TaskCache {
  const cache = createTimedCache<ManagedTasks>({ now });
  let known: ReadonlyMap<string, JobTaskFacts> = new Map();
  return {
    async read(ecs, cluster) {
      const cached = cache.get('all');
      if (cached) return cached;
      const startedAt = now();
      const arns = await listTaskArns(ecs, cluster, { desiredStatus: 'RUNNING' });
      const unknown = arns.filter((arn) => !known.has(arn));
      const { managers, jobTasks: described } = await describeManagedTasks(ecs, cluster, unknown);
      const jobTasks = [...arns.flatMap((arn) => known.get(arn) ?? []), ...described];
      known = new Map(
        jobTasks.filter(({ jobId }) => jobId !== undefined).map((task) => [task.taskArn, task]),
      );
      const tasks = { managers, jobTasks };
      const calls = Math.max(1, callsFor(arns)) + callsFor(unknown);
      const perCall = calls <= MAX_CALLS_OF_SMALL ? CACHED_PER_CALL_MS.small : CACHED_PER_CALL_MS.large;
      cache.set('all', tasks, startedAt + calls * perCall - now());
      return tasks;
    },
  };
}

function callsFor(tasks: readonly string[]): number {
  return Math.ceil(tasks.length / TASKS_PER_CALL);
}
