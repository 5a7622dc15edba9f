import type { ECSClient } from '@aws-sdk/client-ecs';
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { readOurTasks, type Serving, tokenRefusedAt } from '@serverless-gitlab-runner/ecs-tasks';
import { managerFamily, parameterNames } from '@serverless-gitlab-runner/fleet';
import type { LaunchFailure } from './outcome.ts';

export interface RefusedTokenParts {
  ecs: ECSClient;
  ssm: SSMClient;
  cluster: string;
  parameterPrefix: string;
}

/**
 * Whether GitLab refused the runner token a manager would be started with: the last one with it ended so within the hour
 * that ECS remembers, and neither the fleet's document nor the token's parameter was written since.
 */
export async function refusedToken(
  serving: Serving,
  parts: RefusedTokenParts,
): Promise<LaunchFailure | undefined> {
  const { ecs, cluster, parameterPrefix } = parts;
  const family = managerFamily(serving.fleet);
  const { managers } = await readOurTasks(ecs, cluster, [{ family, desiredStatus: 'STOPPED' }]);
  const refusedAt = tokenRefusedAt(managers, serving);
  if (refusedAt === undefined) return undefined;
  const names = parameterNames(parameterPrefix, serving.fleet);
  const tokenName = serving.runnerTokenParameter ?? names.runnerToken;
  const changedAt = await lastWritten(parts.ssm, [names.config, tokenName]);
  if (changedAt > refusedAt) return undefined;
  return {
    reason: 'runner-token-refused',
    message:
      `GitLab refused the runner token of fleet ${serving.fleet}. Write a valid one into ${tokenName}, and redrive the ` +
      'dead-letter queue',
    permanent: true,
  };
}

/** When the newest of the parameters was written; their values are not decrypted. */
async function lastWritten(ssm: SSMClient, names: string[]): Promise<number> {
  const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names: names }));
  return Math.max(0, ...Parameters.map(({ LastModifiedDate }) => LastModifiedDate?.getTime() ?? 0));
}
