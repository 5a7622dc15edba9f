/** A task that ran a job, from the events in the managers' log. Times are milliseconds since 1970. */
export interface JobRun {
  jobId: number;
  jobName: string;
  fleet: string;
  projectId: number;
  /** Such as `team/app`, if GitLab told it. */
  projectPath: string | undefined;
  ref: string | undefined;
  taskArn: string;
  /** When its webhook arrived; undefined if that is not in the receiver's log. */
  queuedAt: number | undefined;
  /** When its containers accepted commands; undefined if they never did, or before the search begins. */
  startedAt: number | undefined;
  /** Undefined: it runs. */
  end:
    | { at: number; outcome: 'completed' | 'start-failed' | 'lost'; seconds: number; costUsd: number }
    | undefined;
}

/** A task that was started ahead, and claimed by no job. */
export interface UnclaimedRun {
  fleet: string;
  projectId: number;
  jobName: string;
  seconds: number;
  costUsd: number;
}

/** What ran in a time. */
export interface Runs {
  /** Oldest first. */
  jobs: JobRun[];
  unclaimed: UnclaimedRun[];
  /** Whether the logs had more than is read: the newest are missing. */
  isCut: boolean;
}

/** A project as people know it. */
export function projectName({ projectId, projectPath }: Pick<JobRun, 'projectId' | 'projectPath'>): string {
  return projectPath ?? `project ${projectId}`;
}

/** Seconds from the webhook until the job's containers accepted commands. */
export function waitedSeconds({ queuedAt, startedAt }: JobRun): number | undefined {
  return queuedAt === undefined || startedAt === undefined
    ? undefined
    : Math.max(0, (startedAt - queuedAt) / 1000);
}
