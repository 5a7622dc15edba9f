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
 * Returns why no manager may be started now, or undefined. It reads the managers that ended within the last hour, which is how
 * long ECS lists them. Either GitLab refused the runner token, and neither the fleet's document nor the token's parameter was
 * written since; or the last managers ended soon after their start, and the next one has to wait.
 * @param running managers whose desired status is RUNNING
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
  const active = backoff !== undefined && now() < backoff.until ? backoff : undefined;
  if (refusedAt === undefined && active?.exitCode !== INVALID_FLEET_EXIT_CODE)
    return active && crashed(runnerQueue, active);
  const names = parameterNames(deps.parameterPrefix, runnerQueue.fleet);
  const tokenName = runnerQueue.runnerTokenParameter ?? names.runnerToken;
  const writtenAt = await readWriteTimes(deps.ssm, [names.config, tokenName, names.certificateAuthorities]);
  const changedAt = lastOf(writtenAt, [names.config, tokenName]);
  if (refusedAt !== undefined && changedAt <= refusedAt) return tokenRefused(runnerQueue, tokenName);
  // The change may have fixed the cause.
  const isWritten = active !== undefined && lastOf(writtenAt, [...writtenAt.keys()]) > active.lastEndedAt;
  if (isWritten && active.exitCode === INVALID_FLEET_EXIT_CODE) return undefined;
  return active && crashed(runnerQueue, active);
}

function tokenRefused({ fleet }: RunnerQueue, tokenName: string): LaunchFailure {
  return {
    reason: 'runner-token-refused',
    message:
      `GitLab refused the runner token of fleet ${fleet}. Write a valid one to ${tokenName}, and redrive the ` +
      'dead-letter queue',
    permanent: true,
  };
}

function crashed({ fleet }: RunnerQueue, { failures, until, exitCode }: CrashBackoff): LaunchFailure {
  const managers = failures === 1 ? 'The last manager' : `The last ${failures} managers`;
  const next = `The next one starts after ${new Date(until).toISOString()}`;
  if (exitCode === INVALID_FLEET_EXIT_CODE)
    return {
      reason: 'invalid-fleet',
      message: `${managers} of fleet ${fleet} ended because the fleet's document, runner token or certificate authorities were unusable. ${next}; correct what the manager's log names`,
      permanent: false,
    };
  const how = exitCode === undefined ? 'before its container ran' : `with exit code ${exitCode}`;
  return {
    reason: 'unknown',
    message: `${managers} of fleet ${fleet} ended soon after starting, most recently ${how}. ${next}; see the manager's log and its stopped task`,
    permanent: false,
  };
}

/** When each of the parameters that exist was written. Their values are not decrypted. */
async function readWriteTimes(ssm: SSMClient, names: string[]): Promise<ReadonlyMap<string, number>> {
  const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names: names }));
  return new Map(
    Parameters.map(({ Name = '', LastModifiedDate }) => [Name, LastModifiedDate?.getTime() ?? 0]),
  );
}

/** When the most recently written of these parameters was written; 0 if none exists. */
function lastOf(writtenAt: ReadonlyMap<string, number>, names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => writtenAt.get(name) ?? 0));
}
