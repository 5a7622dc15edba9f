import type { Bounds } from './invariants.ts';
import type { Schedule } from './schedule.ts';

/** Seconds without a heartbeat after which the helper ends a job task. */
export const DEAD_MAN_SECONDS = 60;

/** A sweep starts every minute, up to 4 s late, and takes some seconds. All constants are in seconds unless named otherwise. */
const SWEEP = 70;
/** From a message in the queue to the response of RunTask. */
const LAUNCH = 15;
const SWIFT_LAUNCH = 4;
/** From StopTask to the end of the task. */
const STOP = 35;
/** Maximum time until a drained manager requests no more jobs. */
const CLOSING = 66;
/** From StopTask until ECS kills the task. */
const KILLED = 120;
/** Minimum age of an orphan in `decide-job-task.ts`. */
const ORPHAN_AGE = 120;
/** `decide-manager.ts` drains a manager that has not started by then. */
const START_OVERDUE = 900;

/** `fill-slot.ts` considers a task gone after ECS has reported it MISSING for this time. */
const GONE_AFTER_MISSING_MS = 2500;

/** `decide-replacement.ts` requests replacements with a growing delay, then repeatedly. */
const REPLACEMENT = { backoff: 900, repeat: 600 };
const LATE_WEBHOOK = 300;
/**
 * Delays until a job's message comes back. `retry-delay.ts`: while a manager is expected to take the job, or while the fleet is
 * at its maximum. `plan-launch.ts`: age after which a job is no longer expected to be taken by a manager with free capacity.
 */
const MESSAGE_RETURN = { expected: 40, atMaximum: 130, overdue: 160 };
/** Visibility timeout of the queue, which applies after a Lambda has died. */
const VISIBILITY = 360;

/** Bounds of the invariants for a schedule; the README explains each. */
export function boundsOf(schedule: Schedule): Bounds {
  const { fleet, faults, deadMan, lagMs } = schedule;
  const hangs = faults.hanging > 0 ? fleet.drainGraceSeconds + SWEEP + KILLED : 0;
  const leaves = fleet.idleSeconds + SWEEP + fleet.drainPollSeconds + CLOSING + STOP + hangs;
  const byReaper = ORPHAN_AGE + 2 * SWEEP + STOP;
  const mayExceedMax =
    (fleet.spot && faults.noCapacity > 0) || faults.gaps > 0 || lagMs > GONE_AFTER_MISSING_MS;
  return {
    start: startBound(schedule),
    orphan: deadMan ? Math.min(byReaper, DEAD_MAN_SECONDS + STOP) : byReaper,
    zero: slowestStart(schedule) + Math.max(2 * leaves, DEAD_MAN_SECONDS + leaves) + 2 * SWEEP,
    managers: fleet.max * (mayExceedMax ? 2 : 1),
    refused: fleet.max + 2,
    busy: lagMs / 1000 + 20,
  };
}

/** Maximum seconds until a manager runs, or is drained because it does not. */
function slowestStart({ managerStart, slowStart }: Schedule): number {
  return slowStart ? START_OVERDUE : managerStart.max;
}

function startBound(schedule: Schedule): number {
  const { jobs, deaths, fleet, faults, lagMs } = schedule;
  // Two launchers learn of each other's jobs from returning messages: of the last jobs once the first managers have taken theirs.
  const messageReturn =
    jobs.length <= fleet.concurrentJobs ? 0 : slowestStart(schedule) + MESSAGE_RETURN.expected;
  const cold = (schedule.swift ? SWIFT_LAUNCH : LAUNCH) + slowestStart(schedule) + 5 + messageReturn;
  if (fleet.safetyLaunchSeconds > 0) return safetyLaunchBound(schedule) + cold;
  // Marks and queue suffice: without lag and faults no job waits for a sweep.
  if (lagMs === 0 && faults.until === 0) return cold;
  const message = faults.until > 0 ? VISIBILITY : 0;
  const webhook = jobs.some((job) => job.webhook === 'late') ? LATE_WEBHOOK : 0;
  const replacement = deaths.length > 0 ? REPLACEMENT.backoff + REPLACEMENT.repeat : 0;
  // When a full fleet loses a manager, a waiting job is noticed when its message comes back.
  const fullFleet = jobs.length <= fleet.concurrentJobs * fleet.max ? 0 : MESSAGE_RETURN.atMaximum;
  return message + webhook + fullFleet + replacement + SWEEP + cold;
}

/** Maximum seconds from a lost webhook to the launch of a manager. */
function safetyLaunchBound({ jobs, deaths, fleet, faults, token }: Schedule): number {
  // The launcher also delays launches after managers that ended soon after their start.
  const crashes = deaths.length > 0 || faults.startFailing > 0 ? REPLACEMENT.backoff : 0;
  // A runner that GitLab refused once requests no more jobs. Jobs are expected to be taken by its manager until it is drained.
  const refusedRunner = token === undefined ? 0 : MESSAGE_RETURN.overdue + fleet.idleSeconds + SWEEP;
  // A manager may be drained as idle before the reaper knows the task of its first job. Other jobs then wait for the next launch.
  const launches = Math.max(1, Math.ceil(jobs.length / fleet.concurrentJobs));
  return crashes + refusedRunner + launches * (fleet.safetyLaunchSeconds + SWEEP);
}
