import type { ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** Settings of a fleet. */
export type ManagerLimits = Pick<
  FleetConfig['manager'],
  'max' | 'concurrentJobs' | 'idleSeconds' | 'maxLifetimeSeconds'
>;

/**
 * Milliseconds for which managers with free capacity asked GitLab for jobs and got none, from a time until they were drained.
 *
 * A manager that was drained as idle had no job for `idleSeconds` before. One that reached its maximum lifetime may have been full
 * to the end, and one that failed may not have asked: those do not count.
 * @param managers managers of one fleet and runner token, including those that have left
 * @param since milliseconds since 1970
 */
export function askedInVainMs(
  managers: readonly ManagerFacts[],
  { idleSeconds, maxLifetimeSeconds }: Pick<ManagerLimits, 'idleSeconds' | 'maxLifetimeSeconds'>,
  since: number,
): number {
  const times = managers.map(({ startedAt, drainAt, exitCode = 0 }) => {
    if (startedAt === undefined || drainAt === undefined || exitCode !== 0) return 0;
    if (drainAt - startedAt >= maxLifetimeSeconds * 1000) return 0;
    return Math.max(0, Math.min(idleSeconds * 1000, drainAt - Math.max(startedAt, since)));
  });
  return times.reduce((total, time) => total + time, 0);
}
