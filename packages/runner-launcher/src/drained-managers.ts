import type { JobTaskFacts, ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** Settings of a fleet. */
export type ManagerLimits = Pick<
  FleetConfig['manager'],
  'max' | 'concurrentJobs' | 'idleSeconds' | 'maxLifetimeSeconds'
>;

/**
 * Milliseconds for which managers without any job asked GitLab for jobs and got none, from a time until they were drained.
 *
 * Only the last `idleSeconds` before the drain count, and only after the end of its last job task: a manager that is drained as
 * idle may have taken jobs whose tasks nobody had seen yet. One that reached its maximum lifetime may have been full to the end,
 * and one that failed may not have asked.
 * @param managers managers of one fleet and runner token, including those that have left
 * @param jobTasks all tasks of their jobs, including ended ones
 * @param since milliseconds since 1970
 */
export function askedInVainMs(
  managers: readonly ManagerFacts[],
  jobTasks: readonly JobTaskFacts[],
  { idleSeconds, maxLifetimeSeconds }: Pick<ManagerLimits, 'idleSeconds' | 'maxLifetimeSeconds'>,
  since: number,
): number {
  const times = managers.map(({ taskId, startedAt, drainAt, exitCode = 0 }) => {
    if (startedAt === undefined || drainAt === undefined || exitCode !== 0) return 0;
    if (drainAt - startedAt >= maxLifetimeSeconds * 1000) return 0;
    const own = jobTasks.filter(({ managerTaskId }) => managerTaskId === taskId);
    const ends = own.map(({ stoppedAt = Number.POSITIVE_INFINITY }) => stoppedAt);
    const idleFrom = Math.max(since, startedAt, drainAt - idleSeconds * 1000, ...ends);
    return Math.max(0, drainAt - idleFrom);
  });
  return times.reduce((total, time) => total + time, 0);
}
