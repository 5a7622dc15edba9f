import type { Serving } from '@serverless-gitlab-runner/ecs-tasks';
import type { CountedJob } from './plan-launch.ts';

/** No job is expected longer than a manager may take to start. */
const FORGET_AFTER_MS = 600_000;

/**
 * Remembers, as long as the Lambda is warm, which jobs were counted on a manager: until they have a task, ECS does not tell.
 * Without it a fleet grows later than it could; nothing is lost.
 */
export interface CountedJobs {
  count(serving: Serving, jobIds: readonly number[]): void;
  of(serving: Serving): CountedJob[];
}

/** @param now milliseconds since 1970 */
export function createCountedJobs(now: () => number): CountedJobs {
  const byServing = new Map<string, Map<number, number>>();
  const jobsOf = (serving: Serving) => {
    const key = `${serving.fleet} ${serving.runnerTokenParameter ?? ''}`;
    const jobs = byServing.get(key) ?? new Map<number, number>();
    byServing.set(key, jobs);
    for (const [jobId, countedAt] of jobs) if (now() - countedAt >= FORGET_AFTER_MS) jobs.delete(jobId);
    return jobs;
  };
  return {
    count(serving, jobIds) {
      const jobs = jobsOf(serving);
      for (const jobId of jobIds) jobs.set(jobId, now());
    },
    of: (serving) => [...jobsOf(serving)].map(([jobId, countedAt]) => ({ jobId, countedAt })),
  };
}
