import type { Bounds } from './invariants.ts';
import type { Schedule } from './schedule.ts';

/** Seconds after which a job task's helper that hears nothing ends it. */
export const DEAD_MAN_SECONDS = 60;

/** A sweep comes every minute, up to 4 s late, and takes some seconds. */
const SWEEP = 70;
/** From a message on the queue to RunTask's answer. */
const LAUNCH = 15;
const SWIFT_LAUNCH = 4;
/** A task that is asked to stop has stopped by then. */
const STOP = 35;
/** A drained manager asks GitLab no more by then, at the latest. */
const CLOSING = 66;
/** ECS kills a manager that it told to stop after so long. */
const KILLED = 120;
/** `decide-job-task.ts` believes in orphans of this age only. */
const ORPHAN_AGE = 120;
/** `decide-manager.ts` drains a manager that does not start by then. */
const START_OVERDUE = 900;

/** `fill-slot.ts` believes that a task is gone when ECS calls it MISSING for so long. */
const MISSING_IS_BELIEVED_MS = 2500;

/** `decide-replacement.ts` asks for another manager later and later, and then now and then. */
const REPLACEMENT = { backoff: 900, repeat: 600 };
const LATE_WEBHOOK = 300;
/**
 * `retry-delay.ts`: a job's message comes back by then while it counts on a manager, or its fleet is at its maximum; and
 * `plan-launch.ts`: it does not any more after that beside a free place.
 */
const COMES_BACK = { counted: 40, atMaximum: 130, overdue: 160 };
/** The queue's visibility timeout, after a Lambda that died. */
const VISIBILITY = 360;

/** What a schedule promises: see the README for each. */
export function boundsOf(schedule: Schedule): Bounds {
  const { fleet, faults, deadMan, lagMs } = schedule;
  const hangs = faults.hanging > 0 ? fleet.drainGraceSeconds + SWEEP + KILLED : 0;
  const leaves = fleet.idleSeconds + SWEEP + fleet.drainPollSeconds + CLOSING + STOP + hangs;
  const byReaper = ORPHAN_AGE + 2 * SWEEP + STOP;
  const mayPassMaximum =
    (fleet.spot && faults.noCapacity > 0) || faults.gaps > 0 || lagMs > MISSING_IS_BELIEVED_MS;
  return {
    start: startBound(schedule),
    orphan: deadMan ? Math.min(byReaper, DEAD_MAN_SECONDS + STOP) : byReaper,
    zero: slowestStart(schedule) + Math.max(2 * leaves, DEAD_MAN_SECONDS + leaves) + 2 * SWEEP,
    managers: fleet.max * (mayPassMaximum ? 2 : 1),
    refused: fleet.max + 2,
    busy: lagMs / 1000 + 20,
  };
}

/** Seconds until a manager runs, or is drained since it does not. */
function slowestStart({ managerStart, slowStart }: Schedule): number {
  return slowStart ? START_OVERDUE : managerStart.most;
}

function startBound(schedule: Schedule): number {
  const { jobs, deaths, fleet, faults, lagMs } = schedule;
  // Two launchers learn of each other's jobs when the messages come back; of the last, when the first managers took theirs.
  const back = jobs.length <= fleet.concurrentJobs ? 0 : slowestStart(schedule) + COMES_BACK.counted;
  const cold = (schedule.swift ? SWIFT_LAUNCH : LAUNCH) + slowestStart(schedule) + 5 + back;
  if (fleet.safetyLaunchSeconds > 0) {
    // The launcher lets managers that ended soon after their start wait too.
    const crashes = deaths.length > 0 || faults.startFailing > 0 ? REPLACEMENT.backoff : 0;
    // A runner that GitLab refused for a moment asks no more: messages count on its manager, and then it is drained as idle.
    const deaf = schedule.token === undefined ? 0 : COMES_BACK.overdue + fleet.idleSeconds + SWEEP;
    return crashes + deaf + fleet.safetyLaunchSeconds + SWEEP + cold;
  }
  // By the marks and the queue alone. Without lag and faults no job waits for a sweep.
  if (lagMs === 0 && faults.until === 0) return cold;
  const message = faults.until > 0 ? VISIBILITY : 0;
  const webhook = jobs.some((job) => job.webhook === 'late') ? LATE_WEBHOOK : 0;
  const replacement = deaths.length > 0 ? REPLACEMENT.backoff + REPLACEMENT.repeat : 0;
  // A full fleet loses a manager: the message of a job that waited for a place is looked at then.
  const place = jobs.length <= fleet.concurrentJobs * fleet.max ? 0 : COMES_BACK.atMaximum;
  return message + webhook + place + replacement + SWEEP + cold;
}
