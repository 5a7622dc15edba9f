import type { Costs } from '../jobs/sum-costs.ts';
import type { FleetStatus, QueueStatus } from '../status/read-status.ts';

/** What the page shows, as its server sends it. Times are milliseconds since 1970. */
export interface Snapshot {
  /** When it was read. */
  at: number;
  region: string;
  /** How far back it reaches. */
  hours: number;
  fleets: FleetRow[];
  queue: QueueStatus;
  /** What keeps jobs from running, and the command that mends it. */
  warnings: string[];
  /** The newest first. */
  managers: ManagerRow[];
  /** Jobs that have not ended, then those that have; of each, the newest first. */
  jobs: JobRow[];
  /** Number of ended jobs that are left out. */
  omittedJobs: number;
  /** Of tasks that ended, by project. */
  costs: Costs;
  /** Whether the logs have more than is read: the newest jobs may be missing. */
  isCut: boolean;
}

export interface FleetRow extends FleetStatus {
  /** Managers that have not stopped. */
  managers: number;
  /** Job tasks that have a job and have not stopped. */
  jobs: number;
}

export interface ManagerRow {
  taskId: string;
  fleet: string;
  slot: number | undefined;
  state: 'starting' | 'running' | 'draining' | 'stopping' | 'stopped';
  requestedAt: number | undefined;
  startedAt: number | undefined;
  drainAt: number | undefined;
  endedAt: number | undefined;
  /** Its job tasks that have not stopped. */
  jobs: number;
}

/**
 * `queued`: no task yet. `ahead`: a task that waits for a job. `unclear`: neither the logs nor ECS say how it went on; `sgr why`
 * may know more.
 */
export type JobState = 'queued' | 'ahead' | 'starting' | 'running' | 'ended' | 'unclear';

/** A task of a job, or a job that waits for one. */
export interface JobRow extends JobTimes {
  /** Unique among rows, and the same in later snapshots. */
  id: string;
  /** Undefined: the task was started ahead. */
  jobId: number | undefined;
  /** Undefined until its task accepts commands. */
  name: string | undefined;
  /** Path or number; undefined if unknown. */
  project: string | undefined;
  ref: string | undefined;
  fleet: string | undefined;
  taskId: string | undefined;
  managerTaskId: string | undefined;
  state: JobState;
  /** Of an ended job whose manager reported it. */
  outcome: 'completed' | 'start-failed' | 'lost' | undefined;
  costUsd: number | undefined;
  /** Of the job in GitLab, if its project's path is known. */
  pageUrl: string | undefined;
}

export interface JobTimes {
  queuedAt: number | undefined;
  /** When its task was requested of ECS. */
  requestedAt: number | undefined;
  pullStartedAt: number | undefined;
  pullStoppedAt: number | undefined;
  /** When its containers accepted commands; before that is reported, when its task ran. */
  startedAt: number | undefined;
  endedAt: number | undefined;
}
