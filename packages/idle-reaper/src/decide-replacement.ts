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
  /** A manager, and whether its jobs need another one. */
  manager: ManagerFacts;
  jobTasks: readonly JobTaskFacts[];
  /** All managers, itself and those that ended within the hour included. */
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
/** ECS lists ended tasks for an hour: what is older was judged long ago. */
const REMEMBERED_MS = 3600 * SECOND;
/** A request is repeated every minute for a while, and then now and then: each failing launch ends as a dead letter. */
const INSISTENT_MS = 300 * SECOND;
const REPEAT_MS = 600 * SECOND;
const REPEAT_WINDOW_MS = 90 * SECOND;
/** A manager with a free place takes a job that waits within some polls. */
const TAKEN_WITHIN_MS = 15 * SECOND;

/**
 * Decides whether a manager that takes no more jobs leaves jobs behind that wait for one: a demand that its drain crossed, or
 * work that it had when it ended unexpectedly. It is asked anew every sweep, so that no crash in between loses the answer.
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
  // One that is stopped works off its jobs for a while; who came meanwhile came in its place.
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
    // An idle manager's demand is older than its idle time. A newer one crossed the drain, or came before one for its age; and
    // what counted on a manager that did not run before its drain waits still: it takes nothing when it runs at last.
    const neverTook = startedAt === undefined || startedAt > drainAt;
    const counts = demand > drainAt - idleMs || (neverTook && demandAt !== undefined);
    if (counts) return 'demand-during-drain';
    return manager.state === 'stopped' && jobTasks.some(isAlive) ? 'manager-lost' : undefined;
  }
  const lastTaken = Math.max(Number.NEGATIVE_INFINITY, ...jobTasks.map(({ createdAt = 0 }) => createdAt));
  const waiting = demand > lastTaken || demand > leftAt - idleMs;
  return waiting || jobTasks.some((task) => outlived(task, manager)) ? 'manager-lost' : undefined;
}

/** Whether a job task was alive when its manager ended, or so shortly before that the place it left may not have been taken yet. */
function outlived(task: JobTaskFacts, { stoppingAt, stoppedAt }: ManagerFacts): boolean {
  if (isAlive(task)) return true;
  const end = stoppingAt ?? stoppedAt ?? Number.POSITIVE_INFINITY;
  return (task.stoppingAt ?? task.stoppedAt ?? 0) > end - TAKEN_WITHIN_MS;
}

/** Managers that ended within the hour without being drained, or without ever having run. */
function failedEnds(managers: readonly ManagerFacts[], now: number): number {
  return managers.filter(
    ({ drainAt, startedAt, stoppedAt = Number.NEGATIVE_INFINITY }) =>
      (drainAt === undefined || startedAt === undefined) && now - stoppedAt < REMEMBERED_MS,
  ).length;
}

/** The first loss is replaced at once; managers that keep dying, later and later. */
function isDue(elapsedMs: number, failures: number): boolean {
  const waited = elapsedMs - crashBackoffMs(failures);
  return waited >= 0 && (waited < INSISTENT_MS || waited % REPEAT_MS < REPEAT_WINDOW_MS);
}

function none(because: Extract<ReplacementDecision, { kind: 'none' }>['because']): ReplacementDecision {
  return { kind: 'none', because };
}
