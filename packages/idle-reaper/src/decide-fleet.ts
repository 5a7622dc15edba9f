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
  /** All managers, including those that ended within the last hour. */
  managers: readonly ManagerFacts[];
  /** Milliseconds since 1970. */
  now: number;
}

export type FleetDecision =
  | { kind: 'none'; because: 'off' | 'no-token' | 'has-manager' | 'not-now' | 'token-refused' }
  /** Start a manager, which polls GitLab for jobs. */
  | { kind: 'request'; cause: 'safety-launch' };

/** Sweeps run every minute, so at least one falls within this time after the due moment, and rarely more than two. */
const WINDOW_MS = 90_000;

/**
 * Decides when a fleet without a manager starts one to poll GitLab for jobs, in case a webhook was lost. If managers are known,
 * it does so one period after the last of them took jobs, and every period after that; otherwise at every multiple of the
 * period since 1970. A draining manager does not count as one: it may take hours to finish a long job. Its end does not restart
 * the period either.
 */
export function decideFleet({ fleet, managers, now }: FleetCase): FleetDecision {
  const period = (fleet.config ? safetyLaunchSecondsOf(fleet.config) : 0) * 1000;
  if (period === 0) return { kind: 'none', because: 'off' };
  if (!fleet.tokensChangedAt.has(fleet.ownTokenName)) return { kind: 'none', because: 'no-token' };
  const queue: RunnerQueue = { fleet: fleet.name, runnerTokenParameter: undefined };
  const own = managers.filter((manager) => isSameQueue(manager, queue));
  if (own.some(takesJobs)) return { kind: 'none', because: 'has-manager' };
  const last = Math.max(0, ...own.map(tookJobsUntil));
  const waited = now - last;
  if (waited < period || waited % period >= WINDOW_MS) return { kind: 'none', because: 'not-now' };
  const refusedAt = tokenRefusedAt(managers, queue) ?? Number.NEGATIVE_INFINITY;
  if (changedAt(fleet, queue) <= refusedAt) return { kind: 'none', because: 'token-refused' };
  return { kind: 'request', cause: 'safety-launch' };
}

function tookJobsUntil({ createdAt = 0, drainAt, stoppedAt = 0 }: ManagerFacts): number {
  return Math.max(createdAt, drainAt ?? stoppedAt);
}
