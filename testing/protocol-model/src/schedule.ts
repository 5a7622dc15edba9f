/** What happens to a run: all of it, so that the same schedule runs the same way. Times are seconds from its start. */
export interface Schedule {
  /** Decides latencies, the age of what is read, and which calls the rates below hit. */
  seed: number;
  jobs: readonly PlannedJob[];
  /** What ends without being asked by us: dies, or is stopped by somebody's StopTask. */
  deaths: readonly { at: number; of: 'manager' | 'job task' | 'stopped manager' }[];
  fleet: {
    max: number;
    concurrentJobs: number;
    idleSeconds: number;
    maxLifetimeSeconds: number;
    drainGraceSeconds: number;
    drainPollSeconds: number;
    safetyLaunchSeconds: number;
    /** Managers on Spot first, then on demand. */
    spot: boolean;
  };
  faults: FaultRates;
  /** Whether a job's way from GitLab to the launcher takes milliseconds instead of seconds. */
  swift: boolean;
  /** Milliseconds by which a read of ECS may be older than now, each field by its own. */
  lagMs: number;
  /** Seconds from RunTask to a running manager. */
  managerStart: { least: number; most: number };
  /** The same, as long as faults last. */
  slowStart?: { least: number; most: number } | undefined;
  /** Whether the helper's dead man's switch works. */
  deadMan: boolean;
  /** Times at which GitLab begins to refuse the runner token, and at which a valid one is written. */
  token?: { refusedAt: number; mendedAt: number } | undefined;
}

/** Seconds from the start; or so long after three seconds before the sweep of that minute, to meet it in its steps. */
export type Moment = number | { sweep: number; milliseconds: number };

export interface PlannedJob {
  at: Moment;
  /** How long its script runs. */
  seconds: number;
  webhook: 'sent' | 'twice' | 'late' | 'lost';
}

/** Percentages, of calls unless told otherwise. */
export interface FaultRates {
  /** When all of these end. */
  until: number;
  /** Throttled or refused by a server's fault: nothing happened. */
  failing: number;
  /** Done, but the answer is lost. */
  lost: number;
  /** Done some seconds later, or answered some seconds later. */
  late: number;
  /** Answered with AccessDenied, which the launcher takes for permanent. */
  denied: number;
  /** Of the calls of launcher and reaper: the process dies before it or after it. */
  dying: number;
  /** Of RunTask for a manager: no capacity (on one provider). */
  noCapacity: number;
  /** Of managers: they never run, and end. */
  startFailing: number;
  /** Of managers, after the end of the faults too: drained, they take no jobs, and never leave by themselves. */
  hanging: number;
  /** Of the reaper's minutes: no sweep. */
  skippedSweeps: number;
  /** Of messages: delivered a second time, up to some minutes later. */
  duplicates: number;
  /** Of list answers: a manager that has long been there is not in it. Never twice in a row. */
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
