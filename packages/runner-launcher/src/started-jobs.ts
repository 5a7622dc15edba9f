import type { JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** Enough for the messages that may wait behind a fleet at its maximum; each takes a few bytes. */
const MAX_REMEMBERED = 20_000;

/**
 * Remembers, while the Lambda is warm, which jobs had a task. GitLab never gives the same job out twice (a retry is a new job),
 * and ECS lists running tasks only. Without this memory, a message that waited while its job ran would start a needless
 * manager. Losing the memory costs nothing else.
 */
export interface StartedJobs {
  add(jobTasks: readonly JobTaskFacts[]): void;
  /** Ids of a fleet's jobs that have had a task. */
  of(fleet: string): ReadonlySet<number>;
}

export function createStartedJobs(maxRemembered = MAX_REMEMBERED): StartedJobs {
  const byFleet = new Map<string, Set<number>>();
  const jobsOf = (fleet: string) => {
    const jobs = byFleet.get(fleet) ?? new Set<number>();
    byFleet.set(fleet, jobs);
    return jobs;
  };
  return {
    add(jobTasks) {
      for (const { fleet, jobId } of jobTasks) {
        if (jobId === undefined) continue;
        const jobs = jobsOf(fleet);
        jobs.add(jobId);
        const [oldest] = jobs;
        if (jobs.size > maxRemembered && oldest !== undefined) jobs.delete(oldest);
      }
    },
    of: jobsOf,
  };
}
