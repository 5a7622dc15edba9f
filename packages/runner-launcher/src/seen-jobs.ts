import type { JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** As many as a message of a fleet at its maximum may wait behind; a number takes some bytes. */
const MOST_KEPT = 20_000;

/**
 * Remembers, as long as the Lambda is warm, which jobs had a task: GitLab gave them to a runner, and never gives the same
 * job out again (a retry is another job). ECS tells of tasks that run only, so without it a message that waited while its job
 * came and went would start a manager for nothing. Losing it loses nothing else.
 */
export interface SeenJobs {
  see(jobTasks: readonly JobTaskFacts[]): void;
  /** Jobs of a fleet's GitLab that had a task. */
  of(fleet: string): ReadonlySet<number>;
}

export function createSeenJobs(mostKept = MOST_KEPT): SeenJobs {
  const byFleet = new Map<string, Set<number>>();
  const jobsOf = (fleet: string) => {
    const jobs = byFleet.get(fleet) ?? new Set<number>();
    byFleet.set(fleet, jobs);
    return jobs;
  };
  return {
    see(jobTasks) {
      for (const { fleet, jobId } of jobTasks) {
        if (jobId === undefined) continue;
        const jobs = jobsOf(fleet);
        jobs.add(jobId);
        const [oldest] = jobs;
        if (jobs.size > mostKept && oldest !== undefined) jobs.delete(oldest);
      }
    },
    of: jobsOf,
  };
}
