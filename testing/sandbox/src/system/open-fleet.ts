import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { parameterNames } from '@serverless-gitlab-runner/fleet';
import type { System } from './deploy-system.ts';

/** A further fleet that was deployed (`otherFleets` of `deploySystem`). */
export interface FurtherFleet {
  name: string;
  runnerToken: string;
}

/**
 * Puts a further fleet into operation, as an operator does after deployment: stores its runner token and webhook secret.
 * @returns the fleet's webhook URL
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
