import type { Serving } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CountedJob } from './plan-launch.ts';

/**
 * Remembers, as long as the Lambda is warm, which jobs were counted on a manager: until they have a task, ECS does not tell.
 * Two launchers remember apart, but a job's message comes back until it has a task, to either of them: so both get to know
 * every job that waits, and losing the memory loses one round.
 */
export interface CountedJobs {
  /** @param until milliseconds since 1970 by which the job's message has come back */
  count(serving: Serving, jobId: number, until: number): void;
  /** Its message does not come back. */
  forget(serving: Serving, jobId: number): void;
  of(serving: Serving): CountedJob[];
}

/** @param now milliseconds since 1970 */
export function createCountedJobs(now: () => number): CountedJobs {
  const byServing = new Map<string, Map<number, number>>();
  const jobsOf = (serving: Serving) => {
    const key = `${serving.fleet} ${serving.runnerTokenParameter ?? ''}`;
    const jobs = byServing.get(key) ?? new Map<number, number>();
    byServing.set(key, jobs);
    for (const [jobId, until] of jobs) if (until <= now()) jobs.delete(jobId);
    return jobs;
  };
  return {
    count: (serving, jobId, until) => void jobsOf(serving).set(jobId, until),
    forget: (serving, jobId) => void jobsOf(serving).delete(jobId),
    of: (serving) => [...jobsOf(serving)].map(([jobId, until]) => ({ jobId, until })),
  };
}
