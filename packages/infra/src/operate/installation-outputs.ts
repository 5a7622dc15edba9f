import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { type ServiceName, SHARED_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import { OperationError } from '../cli/run-command.ts';
import { describeStack } from '../deploy/stack-state.ts';

export type StackOutputs = Readonly<Record<string, string>>;

/** A stack's outputs by name. */
export function outputsOf(stack: Stack | undefined): StackOutputs {
  return Object.fromEntries(
    (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

/**
 * Outputs of a deployed stack.
 * @throws {OperationError} when it is not deployed in this account and region, or lacks one of the outputs
 */
export async function requireOutputs<Name extends string>(
  client: CloudFormationClient,
  stack: typeof SHARED_STACK | ServiceName,
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const stackName = stack === SHARED_STACK ? stack : serviceStack(stack);
  const outputs = outputsOf(await describeStack(client, stackName));
  const values = {} as Record<Name, string>;
  for (const name of names) {
    const value = outputs[name];
    if (value === undefined)
      throw new OperationError(
        `${stackName} is not deployed in ${await client.config.region()}, or not completely. Choose the region and account with AWS_REGION and AWS_PROFILE, or deploy with \`npm run deploy\`.`,
      );
    values[name] = value;
  }
  return values;
}
