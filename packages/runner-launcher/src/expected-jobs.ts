import type { RunnerQueue } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ExpectedJob } from './plan-launch.ts';

/**
 * Remembers, while the Lambda is warm, which jobs were assigned to a manager but have no task yet: ECS cannot know them.
 * Two launchers remember separately, but a job's message comes back to either of them until the job has a task. So both learn
 * of every waiting job, and losing the memory costs one round.
 */
export interface ExpectedJobs {
  /** @param until milliseconds since 1970 by which the job's message has come back */
  add(queue: RunnerQueue, jobId: number, until: number): void;
  /** For a job whose message does not come back. */
  remove(queue: RunnerQueue, jobId: number): void;
  of(queue: RunnerQueue): ExpectedJob[];
}

/** @param now milliseconds since 1970 */
export function createExpectedJobs(now: () => number): ExpectedJobs {
  const byQueue = new Map<string, Map<number, number>>();
  const jobsOf = (queue: RunnerQueue) => {
    const key = `${queue.fleet} ${queue.runnerTokenParameter ?? ''}`;
    const jobs = byQueue.get(key) ?? new Map<number, number>();
    byQueue.set(key, jobs);
    for (const [jobId, until] of jobs) if (until <= now()) jobs.delete(jobId);
    return jobs;
  };
  return {
    add: (queue, jobId, until) => void jobsOf(queue).set(jobId, until),
    remove: (queue, jobId) => void jobsOf(queue).delete(jobId),
    of: (queue) => [...jobsOf(queue)].map(([jobId, until]) => ({ jobId, until })),
  };
}
