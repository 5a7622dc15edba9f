import type { ECSClient } from '@aws-sdk/client-ecs';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import {
  type CrashBackoff,
  crashBackoff,
  type ManagerFacts,
  type RunnerQueue,
  readManagedTasks,
  tokenRefusedAt,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { INVALID_FLEET_EXIT_CODE, managerFamily, parameterNames } from '@serverless-gitlab-runner/fleet';
import type { LaunchFailure } from './outcome.ts';

export interface CheckLaunchDeps {
  ecs: ECSClient;
  ssm: SSMClient;
  cluster: string;
  parameterPrefix: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Why no manager is started now, judged by those that ended within the hour that ECS remembers: GitLab refused the runner
 * token, and neither the fleet's document nor the token's parameter was written since; or the last ones ended soon after their
 * start, so that the next one has to wait.
 * @param running managers that are to run
 */
export async function checkLaunchAllowed(
  runnerQueue: RunnerQueue,
  running: readonly ManagerFacts[],
  deps: CheckLaunchDeps,
): Promise<LaunchFailure | undefined> {
  const { ecs, cluster, now } = deps;
  const family = managerFamily(runnerQueue.fleet);
  const { managers: ended } = await readManagedTasks(ecs, cluster, [{ family, desiredStatus: 'STOPPED' }]);
  const refusedAt = tokenRefusedAt(ended, runnerQueue);
  const backoff = crashBackoff([...running, ...ended], runnerQueue, now());
  const waits = backoff !== undefined && now() < backoff.until ? backoff : undefined;
  if (refusedAt === undefined && waits?.exitCode !== INVALID_FLEET_EXIT_CODE)
    return waits && crashed(runnerQueue, waits);
  const names = parameterNames(deps.parameterPrefix, runnerQueue.fleet);
  const tokenName = runnerQueue.runnerTokenParameter ?? names.runnerToken;
  const changedAt = await lastWritten(deps.ssm, [names.config, tokenName]);
  if (refusedAt !== undefined && changedAt <= refusedAt) return tokenRefused(runnerQueue, tokenName);
  // What was written since may be what was wrong.
  if (waits?.exitCode === INVALID_FLEET_EXIT_CODE && changedAt > waits.lastEndedAt) return undefined;
  return waits && crashed(runnerQueue, waits);
}

function tokenRefused({ fleet }: RunnerQueue, tokenName: string): LaunchFailure {
  return {
    reason: 'runner-token-refused',
    message:
      `GitLab refused the runner token of fleet ${fleet}. Write a valid one into ${tokenName}, and redrive the ` +
      'dead-letter queue',
    permanent: true,
  };
}

function crashed({ fleet }: RunnerQueue, { failures, until, exitCode }: CrashBackoff): LaunchFailure {
  const many = failures === 1 ? 'The last manager' : `The last ${failures} managers`;
  const next = `The next one is started after ${new Date(until).toISOString()}`;
  if (exitCode === INVALID_FLEET_EXIT_CODE)
    return {
      reason: 'invalid-fleet',
      message: `${many} of fleet ${fleet} ended because its document or its runner token could not be used. ${next}; correct what the manager's log names`,
      permanent: false,
    };
  const how = exitCode === undefined ? 'before its container ran' : `with exit code ${exitCode}`;
  return {
    reason: 'unknown',
    message: `${many} of fleet ${fleet} ended soon after the start, at last ${how}. ${next}; see the manager's log and its stopped task`,
    permanent: false,
  };
}

/** When the newest of the parameters was written; their values are not decrypted. */
async function lastWritten(ssm: SSMClient, names: string[]): Promise<number> {
  const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names: names }));
  return Math.max(0, ...Parameters.map(({ LastModifiedDate }) => LastModifiedDate?.getTime() ?? 0));
}
