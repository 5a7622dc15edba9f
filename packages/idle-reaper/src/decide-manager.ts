import { isAlive, type JobTaskFacts, type ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ManagerDraining } from '@serverless-gitlab-runner/shared-events';
import type { ManagerLimits } from './fleet-facts.ts';

export interface ManagerCase {
  manager: ManagerFacts;
  /** Its job tasks, including those that ended within the last hour. */
  jobTasks: readonly JobTaskFacts[];
  limits: ManagerLimits;
  /** False if the fleet was removed. */
  fleetExists: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export type ManagerDecision =
  | { kind: 'keep'; because: 'ended' | 'starting' | 'has-jobs' | 'active' | 'draining' }
  /** The manager takes no new job, finishes those it has, and leaves. */
  | { kind: 'drain'; reason: ManagerDraining['reason']; lastActivityAt: number; idleSeconds: number }
  /** The manager was drained long ago, has no job and still runs. Only then is it stopped. */
  | { kind: 'stop'; reason: 'drain-overdue' };

/** A manager that is not running by then never will be: its image cannot be pulled, or its subnet has no route out. */
const START_OVERDUE_MS = 15 * 60_000;
/** SSM's lists may lag its writes, so a fleet that they lack counts as removed only for managers older than this. */
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

/** A manager's last activity: the latest of its creation, start, demand mark, and the end of its last job task. */
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
  // After the task of its last job has ended, the manager still sends the rest of the log to GitLab.
  const since = Math.max(drainAt, ...jobTasks.map(({ stoppedAt = 0 }) => stoppedAt));
  const overdue = now - since > limits.drainGraceSeconds * 1000;
  return overdue ? { kind: 'stop', reason: 'drain-overdue' } : { kind: 'keep', because: 'draining' };
}

/** A job task counts until it has stopped: while it is stopping, its manager still works on it. */
function isLive({ state }: JobTaskFacts): boolean {
  return state !== 'stopped';
}

function drain(facts: ManagerCase, reason: ManagerDraining['reason']): ManagerDecision {
  const last = lastActivityAt(facts);
  const idleSeconds = Math.max(0, Math.round((facts.now - last) / 1000));
  return { kind: 'drain', reason, lastActivityAt: last, idleSeconds };
}
