import { RUNNER_TOKEN_REFUSED_EXIT_CODE } from '@serverless-gitlab-runner/fleet';
import { isSameQueue, type RunnerQueue } from './manager-state.ts';
import type { ManagerFacts } from './task-facts.ts';

/** Consecutive managers of one fleet and token that ended soon after their start. */
export interface CrashBackoff {
  /** Number of failed managers since the last one that worked. */
  failures: number;
  /** When the last of them ended, in milliseconds since 1970. */
  lastEndedAt: number;
  /** Milliseconds since 1970 before which no other manager is started. */
  until: number;
  /** Exit code of the last one; undefined if its container never ran. */
  exitCode: number | undefined;
}

const MAX_BACKOFF_MS = 900_000;
const FIRST_BACKOFF_MS = 60_000;
/** A manager that has run for this long counts as having worked. */
const WORKED_AFTER_MS = 300_000;
/** ECS lists ended tasks for an hour. */
const REMEMBERED_MS = 3_600_000;

/**
 * Milliseconds to wait after the last of several managers that ended unexpectedly. The first one is replaced at once, the others
 * with growing delays of up to 15 minutes.
 * @param failures number of managers that ended unexpectedly
 */
export function crashBackoffMs(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * (2 ** Math.max(0, failures - 1) - 1));
}

/**
 * How long the next manager of a fleet and token has to wait after failed ones; undefined if none has failed. Managers that were
 * drained or exited normally have not failed, and a refused token is handled separately.
 * @param managers running managers, and those that ended within the last hour
 * @param now milliseconds since 1970
 */
export function crashBackoff(
  managers: readonly ManagerFacts[],
  runnerQueue: RunnerQueue,
  now: number,
): CrashBackoff | undefined {
  const own = managers.filter((manager) => isSameQueue(manager, runnerQueue));
  const workedAt = Math.max(
    0,
    ...own.filter((one) => hasWorked(one, now)).map(({ createdAt = 0 }) => createdAt),
  );
  const failed = own
    .filter((manager) => hasFailed(manager, now) && (manager.createdAt ?? 0) >= workedAt)
    .toSorted((one, other) => (other.stoppedAt ?? 0) - (one.stoppedAt ?? 0));
  const [last] = failed;
  if (last?.stoppedAt === undefined) return undefined;
  const { exitCode, stoppedAt } = last;
  return {
    failures: failed.length,
    lastEndedAt: stoppedAt,
    until: stoppedAt + crashBackoffMs(failed.length),
    exitCode,
  };
}

function hasWorked(manager: ManagerFacts, now: number): boolean {
  const { startedAt = Number.POSITIVE_INFINITY, stoppingAt, stoppedAt } = manager;
  return (stoppingAt ?? stoppedAt ?? now) - startedAt >= WORKED_AFTER_MS;
}

function hasFailed(manager: ManagerFacts, now: number): boolean {
  const { exitCode, stoppedAt, startedAt, drainAt } = manager;
  if (stoppedAt === undefined || now - stoppedAt >= REMEMBERED_MS || hasWorked(manager, now)) return false;
  if (exitCode === 0 || exitCode === RUNNER_TOKEN_REFUSED_EXIT_CODE) return false;
  return drainAt === undefined || startedAt === undefined;
}
