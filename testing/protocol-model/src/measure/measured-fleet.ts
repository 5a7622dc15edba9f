import { NO_FAULTS, type PlannedJob, type Schedule } from '../schedule.ts';

export interface MeasuredFleet {
  seed: number;
  jobs: readonly PlannedJob[];
  /** Maximum number of managers. */
  max: number;
  concurrentJobs: number;
  /** Default: 300. */
  idleSeconds?: number;
}

/** A schedule without faults, whose fleet has default settings otherwise. */
export function scheduleOf({ seed, jobs, max, concurrentJobs, idleSeconds = 300 }: MeasuredFleet): Schedule {
  return {
    seed,
    jobs,
    deaths: [],
    faults: NO_FAULTS,
    swift: false,
    lagMs: 1000,
    deadMan: true,
    fleet: {
      max,
      concurrentJobs,
      idleSeconds,
      maxLifetimeSeconds: 86_400,
      drainGraceSeconds: 900,
      drainPollSeconds: 10,
      safetyLaunchSeconds: 0,
      spot: false,
    },
    managerStart: { min: 20, max: 60 },
  };
}
