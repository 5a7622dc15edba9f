import {
  isSameQueue,
  type ManagerFacts,
  type RunnerQueue,
  takesJobs,
  tokenRefusedAt,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { safetyLaunchSecondsOf } from '@serverless-gitlab-runner/fleet';
import { changedAt, type FleetFacts } from './fleet-facts.ts';

export interface FleetCase {
  fleet: FleetFacts;
  /** All managers, those that ended within the hour included. */
  managers: readonly ManagerFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

export type FleetDecision =
  | { kind: 'none'; because: 'off' | 'no-token' | 'has-manager' | 'not-now' | 'token-refused' }
  /** Start a manager that asks GitLab itself. */
  | { kind: 'request'; cause: 'safety-launch' };

/** Sweeps come every minute: within this of the due moment there is one, and seldom more than two. */
const WINDOW_MS = 90_000;

/**
 * Decides when a fleet without a manager starts one to ask GitLab for jobs, in case a webhook was lost. With managers known
 * that is one period after the last of them took jobs, and every period from then; else every period of the clock. A draining
 * manager is none: it may work off a long job for hours, and its end begins nothing anew.
 */
export function decideFleet({ fleet, managers, now }: FleetCase): FleetDecision {
  const period = (fleet.config ? safetyLaunchSecondsOf(fleet.config) : 0) * 1000;
  if (period === 0) return { kind: 'none', because: 'off' };
  if (!fleet.tokensChangedAt.has(fleet.ownTokenName)) return { kind: 'none', because: 'no-token' };
  const serving: RunnerQueue = { fleet: fleet.name, runnerTokenParameter: undefined };
  const own = managers.filter((manager) => isSameQueue(manager, serving));
  if (own.some(takesJobs)) return { kind: 'none', because: 'has-manager' };
  const last = Math.max(0, ...own.map(tookJobsUntil));
  const waited = now - last;
  if (waited < period || waited % period >= WINDOW_MS) return { kind: 'none', because: 'not-now' };
  const refusedAt = tokenRefusedAt(managers, serving) ?? Number.NEGATIVE_INFINITY;
  if (changedAt(fleet, serving) <= refusedAt) return { kind: 'none', because: 'token-refused' };
  return { kind: 'request', cause: 'safety-launch' };
}

function tookJobsUntil({ createdAt = 0, drainAt, stoppedAt = 0 }: ManagerFacts): number {
  return Math.max(createdAt, drainAt ?? stoppedAt);
}
