import { isAlive, type JobTaskFacts, type ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ManagerDraining } from '@serverless-gitlab-runner/shared-events';
import type { ManagerLimits } from './fleet-facts.ts';

export interface ManagerCase {
  manager: ManagerFacts;
  /** Its job tasks, those that ended within the hour included. */
  jobTasks: readonly JobTaskFacts[];
  limits: ManagerLimits;
  /** False: there is no such fleet any more. */
  fleetExists: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export type ManagerDecision =
  | { kind: 'keep'; because: 'ended' | 'starting' | 'has-jobs' | 'active' | 'draining' }
  /** Take no new job, finish, leave. */
  | { kind: 'drain'; reason: ManagerDraining['reason']; lastActivityAt: number; idleSeconds: number }
  /** Drained long ago, without a job, and still there: only then is a manager stopped. */
  | { kind: 'stop'; reason: 'drain-overdue' };

/** A manager that does not run by then never will: an image that cannot be pulled, a subnet without a way out. */
const START_OVERDUE_MS = 15 * 60_000;
/** SSM's lists may lag its writes: a fleet missing from them is believed gone only for managers older than this. */
const FLEET_LAG_MS = 120_000;

/** Decides when a manager is drained and when it is stopped. */
export function decideManager(facts: ManagerCase): ManagerDecision {
  const { manager, jobTasks, now } = facts;
  if (!isAlive(manager)) return { kind: 'keep', because: 'ended' };
  if (manager.drainAt !== undefined) return decideDraining(facts, manager.drainAt);
  const createdAt = manager.createdAt ?? now;
  if (!facts.fleetExists && now - createdAt > FLEET_LAG_MS) return drain(facts, 'fleet-removed');
  if (manager.state === 'starting') {
    if (now - createdAt > START_OVERDUE_MS) return drain(facts, 'start-overdue');
    return { kind: 'keep', because: 'starting' };
  }
  const startedAt = manager.startedAt ?? createdAt;
  if (now - startedAt > facts.limits.maxLifetimeSeconds * 1000) return drain(facts, 'lifetime');
  if (jobTasks.some(isLive)) return { kind: 'keep', because: 'has-jobs' };
  if (now - lastActivityAt(facts) > facts.limits.idleSeconds * 1000) return drain(facts, 'idle');
  return { kind: 'keep', because: 'active' };
}

/** A manager's newest sign of life: its creation, its start, its demand mark, or the end of its last job task. */
export function lastActivityAt({
  manager,
  jobTasks,
  now,
}: Pick<ManagerCase, 'manager' | 'jobTasks' | 'now'>): number {
  const times = [manager.createdAt, manager.startedAt, manager.demandAt];
  for (const { stoppedAt } of jobTasks) times.push(stoppedAt);
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? now : Math.max(...known);
}

function decideDraining({ jobTasks, limits, now }: ManagerCase, drainAt: number): ManagerDecision {
  if (jobTasks.some(isLive)) return { kind: 'keep', because: 'has-jobs' };
  // After its last job's task the manager still sends GitLab the rest of the log.
  const since = Math.max(drainAt, ...jobTasks.map(({ stoppedAt = 0 }) => stoppedAt));
  const overdue = now - since > limits.drainGraceSeconds * 1000;
  return overdue ? { kind: 'stop', reason: 'drain-overdue' } : { kind: 'keep', because: 'draining' };
}

/** A job task counts until it has stopped: while it stops, its manager is at work with it. */
function isLive({ state }: JobTaskFacts): boolean {
  return state !== 'stopped';
}

function drain(facts: ManagerCase, reason: ManagerDraining['reason']): ManagerDecision {
  const last = lastActivityAt(facts);
  const idleSeconds = Math.max(0, Math.round((facts.now - last) / 1000));
  return { kind: 'drain', reason, lastActivityAt: last, idleSeconds };
}
