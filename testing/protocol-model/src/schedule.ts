/** All inputs of a run: the same schedule always runs in the same way. Times are in seconds from its start. */
export interface Schedule {
  /** Seed of latencies, of the age of reads, and of which calls the rates below affect. */
  seed: number;
  jobs: readonly PlannedJob[];
  /** Managers and job tasks that die or are stopped by an operator's StopTask. */
  deaths: readonly { at: number; of: 'manager' | 'job task' | 'stopped manager' }[];
  fleet: {
    max: number;
    concurrentJobs: number;
    idleSeconds: number;
    maxLifetimeSeconds: number;
    drainGraceSeconds: number;
    drainPollSeconds: number;
    safetyLaunchSeconds: number;
    /** Whether managers use Spot first, then on demand. */
    spot: boolean;
    /** Percentage of jobs with whose start their manager also starts a task ahead, for the next job. Default 0. */
    aheadPercent?: number;
  };
  faults: FaultRates;
  /** Whether the latency from GitLab to the launcher is milliseconds instead of seconds. */
  swift: boolean;
  /** Maximum age of ECS reads in milliseconds; each field has its own age. */
  lagMs: number;
  /** Seconds from RunTask to a running manager. */
  managerStart: { min: number; max: number };
  /** The same while faults are injected. */
  slowStart?: { min: number; max: number } | undefined;
  /** Whether the helper's dead man's switch works. */
  deadMan: boolean;
  /** Times at which GitLab starts to refuse the runner token, and at which a valid token is written. */
  token?: { refusedAt: number; replacedAt: number } | undefined;
}

/** Seconds from the start, or milliseconds from 3 s before the sweep of a minute, to hit its single steps. */
export type Moment = number | { sweep: number; milliseconds: number };

export interface PlannedJob {
  at: Moment;
  /** Duration of its script. */
  seconds: number;
  webhook: 'sent' | 'twice' | 'late' | 'lost';
  /** Seconds in the queue after which its user cancels it, unless a manager has taken it. Default: never. */
  cancelledAfter?: number | undefined;
}

/** Percentages, of calls unless stated otherwise. */
export interface FaultRates {
  /** When all faults end, except `hanging`. */
  until: number;
  /** Throttled or failed with a server error, without effect. */
  failing: number;
  /** Carried out, but the response is lost. */
  lost: number;
  /** Carried out or answered some seconds late. */
  late: number;
  /** Answered with AccessDenied, which the launcher treats as permanent. */
  denied: number;
  /** Of the calls of launcher and reaper: the process dies before or after the call. */
  dying: number;
  /** Of RunTask for managers: no capacity on the first provider. */
  noCapacity: number;
  /** Of managers: they end instead of running. */
  startFailing: number;
  /** Of managers, also after the end of the faults: once drained, they take no jobs, but never leave by themselves. */
  hanging: number;
  /** Of the reaper's minutes: no sweep runs. */
  skippedSweeps: number;
  /** Of messages: delivered a second time, up to some minutes later. */
  duplicates: number;
  /** Of ListTasks responses: one manager is missing, although it has existed for long. Never twice in a row. */
  gaps: number;
}

export const NO_FAULTS: FaultRates = {
  until: 0,
  failing: 0,
  lost: 0,
  late: 0,
  denied: 0,
  dying: 0,
  noCapacity: 0,
  startFailing: 0,
  hanging: 0,
  skippedSweeps: 0,
  duplicates: 0,
  gaps: 0,
};
