import {
  crashBackoffMs,
  isAlive,
  isSameQueue,
  type JobTaskFacts,
  type ManagerFacts,
  takesJobs,
  tokenRefusedAt,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ManagerRequestCause } from '@serverless-gitlab-runner/shared-events';
import { changedAt, type FleetFacts, managerLimits } from './fleet-facts.ts';

export interface ReplacementCase {
  /** The manager that may have to be replaced. */
  manager: ManagerFacts;
  jobTasks: readonly JobTaskFacts[];
  /** All managers, including this one and those that ended within the last hour. */
  managers: readonly ManagerFacts[];
  fleet: FleetFacts | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

export type ReplacementDecision =
  | {
      kind: 'none';
      because: 'takes-jobs' | 'fleet-removed' | 'not-needed' | 'replaced' | 'token-refused' | 'not-now';
    }
  | { kind: 'request'; cause: ManagerRequestCause };

const SECOND = 1000;
/** ECS lists ended tasks for an hour. Older ones were decided on long ago. */
const REMEMBERED_MS = 3600 * SECOND;
/** A request is repeated every minute for five minutes, then every ten minutes: each failing launch ends as a dead letter. */
const REPEAT_EACH_SWEEP_MS = 300 * SECOND;
const REPEAT_MS = 600 * SECOND;
const REPEAT_WINDOW_MS = 90 * SECOND;
/** A manager with free capacity takes a waiting job within a few polls. */
const TAKEN_WITHIN_MS = 15 * SECOND;

/**
 * Decides whether a manager that takes no more jobs leaves waiting jobs behind: demand that was marked while it was drained, or
 * work that it had when it ended unexpectedly. Every sweep decides again, so that no crash loses the decision.
 */
export function decideReplacement(facts: ReplacementCase): ReplacementDecision {
  const { manager, managers, fleet, now } = facts;
  if (takesJobs(manager)) return none('takes-jobs');
  if (fleet === undefined) return none('fleet-removed');
  const leftAt = manager.drainAt ?? manager.stoppedAt;
  if (leftAt === undefined || now - leftAt > REMEMBERED_MS) return none('not-needed');
  const cause = causeOf(facts, leftAt);
  if (cause === undefined) return none('not-needed');
  const others = managers.filter((other) => other.taskArn !== manager.taskArn && isSameQueue(other, manager));
  // A stopped manager finishes its jobs first. A manager created in the meantime is its replacement.
  const leavesSince = manager.drainAt ?? manager.stoppingAt ?? leftAt;
  const isSuccessor = (other: ManagerFacts) => takesJobs(other) || (other.createdAt ?? 0) > leavesSince;
  if (others.some(isSuccessor)) return none('replaced');
  const refusedAt = tokenRefusedAt(managers, manager) ?? Number.NEGATIVE_INFINITY;
  if (changedAt(fleet, manager) <= refusedAt) return none('token-refused');
  if (!isDue(now - leftAt, failedEnds([manager, ...others], now))) return none('not-now');
  return { kind: 'request', cause };
}

function causeOf(
  { manager, jobTasks, fleet }: ReplacementCase,
  leftAt: number,
): ManagerRequestCause | undefined {
  const { demandAt, drainAt, startedAt } = manager;
  const idleMs = managerLimits(fleet).idleSeconds * SECOND;
  const demand = demandAt ?? Number.NEGATIVE_INFINITY;
  if (drainAt !== undefined) {
    // An idle manager's demand is older than its idle time. Newer demand coincided with the drain, or preceded a drain for age.
    // Jobs assigned to a manager that was not running before its drain still wait, since it takes no job once it runs.
    const neverTookJobs = startedAt === undefined || startedAt > drainAt;
    const hasDemand = demand > drainAt - idleMs || (neverTookJobs && demandAt !== undefined);
    if (hasDemand) return 'demand-during-drain';
    return manager.state === 'stopped' && jobTasks.some(isAlive) ? 'manager-lost' : undefined;
  }
  const lastTaken = Math.max(Number.NEGATIVE_INFINITY, ...jobTasks.map(({ createdAt = 0 }) => createdAt));
  const waiting = demand > lastTaken || demand > leftAt - idleMs;
  return waiting || jobTasks.some((task) => outlived(task, manager)) ? 'manager-lost' : undefined;
}

/** Whether a job task was alive when its manager ended, or ended too shortly before for its capacity to have been reused. */
function outlived(task: JobTaskFacts, { stoppingAt, stoppedAt }: ManagerFacts): boolean {
  if (isAlive(task)) return true;
  const end = stoppingAt ?? stoppedAt ?? Number.POSITIVE_INFINITY;
  return (task.stoppingAt ?? task.stoppedAt ?? 0) > end - TAKEN_WITHIN_MS;
}

/** Counts the managers that ended within the last hour without having been drained, or without having run. */
function failedEnds(managers: readonly ManagerFacts[], now: number): number {
  return managers.filter(
    ({ drainAt, startedAt, stoppedAt = Number.NEGATIVE_INFINITY }) =>
      (drainAt === undefined || startedAt === undefined) && now - stoppedAt < REMEMBERED_MS,
  ).length;
}

/** The first lost manager is replaced at once. Managers that keep dying are replaced with growing delays. */
function isDue(elapsedMs: number, failures: number): boolean {
  const waited = elapsedMs - crashBackoffMs(failures);
  return waited >= 0 && (waited < REPEAT_EACH_SWEEP_MS || waited % REPEAT_MS < REPEAT_WINDOW_MS);
}

function none(because: Extract<ReplacementDecision, { kind: 'none' }>['because']): ReplacementDecision {
  return { kind: 'none', because };
}
