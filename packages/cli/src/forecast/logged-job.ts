import type { Architecture, CapacityProvider } from '@serverless-gitlab-runner/fleet';

/** A job that ran to its end in a task, from the logs. Times are milliseconds since 1970. */
export interface LoggedJob {
  jobId: number;
  jobName: string;
  fleet: string;
  projectId: number;
  pipelineId: number;
  ref: string | undefined;
  /** Of its task, as are the next four. */
  image: string;
  cpu: number;
  memory: number;
  architecture: Architecture;
  capacityProvider: CapacityProvider;
  /** When its webhook arrived, or its task was requested if the receiver's log lacks the webhook. */
  queuedAt: number;
  /** When its containers accepted commands. */
  startedAt: number;
  /** When its task was stopped. */
  endedAt: number;
  /** When GitLab said that it had ended; `endedAt` if the receiver's log lacks that webhook. */
  finishedAt: number;
  /** GitLab's status; without its webhook, whether the task ended as it should. */
  succeeded: boolean;
  /** Seconds from its webhook until its containers accepted commands; undefined without webhook. */
  waitedSeconds: number | undefined;
  /** Seconds from RunTask until its containers accepted commands; undefined if its task was started ahead. */
  startSeconds: number | undefined;
  costUsd: number;
}

/** What the logs say about the jobs of some days. */
export interface LoggedJobs {
  /** Of all fleets, in the order in which they were queued. */
  jobs: LoggedJob[];
  /** Jobs that cannot be replayed, by the reason. */
  leftOut: {
    /** GitLab Runner before 19.0 does not tell the executor the pipeline. */
    withoutPipeline: number;
    /** Their task has no start or no end in these logs. */
    incomplete: number;
  };
  /** Tasks that were started ahead and claimed by no job. */
  unclaimed: { fleet: string; at: number; costUsd: number }[];
}
