import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import type { System } from './deploy-system.ts';

/** One of the further fleets that were deployed (`otherFleets` of `deploySystem`). */
export interface FurtherFleet {
  name: string;
  runnerToken: string;
}

/**
 * Opens a further fleet as an operator does once it is deployed: puts its runner token and its webhook's secret where they belong.
 * @returns the webhook's URL for it
 */
export async function openFleet(
  { ssm, outputs, webhookSecret, webhookUrl }: System,
  { name, runnerToken }: FurtherFleet,
): Promise<string> {
  const names = parameterNames(outputs.ParameterPrefix, name);
  const put = (Name: string, Value: string) =>
    ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
  await put(names.runnerToken, runnerToken);
  await put(names.webhookSecret, webhookSecret);
  const url = new URL(webhookUrl);
  url.searchParams.set('fleet', name);
  return url.href;
}
