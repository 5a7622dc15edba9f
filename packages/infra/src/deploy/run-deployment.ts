import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { IAMClient } from '@aws-sdk/client-iam';
import {
  explainFailure,
  firstFailure,
  needsServiceLinkedRole,
  newestEvent,
  type StackFailure,
} from '@serverless-gitlab-runner/aws/stacks';
import { DeployError } from './run-cdk.ts';
import { awaitRole } from './service-linked-role.ts';

export interface DeployClients {
  readonly cloudFormation: CloudFormationClient;
  readonly iam: IAMClient;
}

export interface RunDeploymentOptions extends DeployClients {
  /** Stacks that `deploy` may change. */
  readonly stacks: readonly string[];
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a deployment. If it fails because the account is new, it is retried once. Any other failure of a stack is reported with
 * CloudFormation's reason and what to do.
 * @throws {DeployError}
 */
export async function runDeployment(
  deploy: () => Promise<void>,
  options: RunDeploymentOptions,
): Promise<void> {
  const failure = await failureOf(deploy, options);
  if (failure === undefined) return;
  if (!needsServiceLinkedRole(failure)) throw new DeployError(explainFailure(failure));
  options.log(
    `${failure.stack} failed, as first stacks do in an account that has never used ECS: its service-linked role is being created. Retrying once.`,
  );
  await awaitRole(options.iam, options.signal);
  const again = await failureOf(deploy, options);
  if (again !== undefined) throw new DeployError(explainFailure(again));
}

/** @throws what `deploy` threw, when no stack failed in it */
async function failureOf(
  deploy: () => Promise<void>,
  { cloudFormation, stacks }: RunDeploymentOptions,
): Promise<StackFailure | undefined> {
  const before = await Promise.all(stacks.map((stack) => newestEvent(cloudFormation, stack)));
  try {
    await deploy();
    return undefined;
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    for (const [index, stack] of stacks.entries()) {
      // No new event: any failure of this stack is an earlier one.
      if ((await newestEvent(cloudFormation, stack)) === before[index]) continue;
      const failure = await firstFailure(cloudFormation, stack);
      if (failure !== undefined) return failure;
    }
    throw error;
  }
}
