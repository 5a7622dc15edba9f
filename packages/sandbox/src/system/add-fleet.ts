import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { type FleetConfigInput, parameterNames } from '@serverless-gitlab-runner/fleet';
import type { System } from './deploy-system.ts';

export interface NewFleet {
  name: string;
  runnerToken: string;
  /** What differs from the deployed fleet's document, by its uppermost fields. */
  changes: Partial<Pick<FleetConfigInput, 'manager' | 'runner' | 'gitlabApi'>>;
}

/**
 * Adds a fleet to an installation as an operator would without CDK: its document, like the deployed fleet's, and its runner
 * token as parameters. It is not asked at GitLab's API unless it says so.
 * @returns the webhook's URL for it
 */
export async function addFleet(system: System, { name, runnerToken, changes }: NewFleet): Promise<string> {
  const { ssm, outputs, fleet, webhookUrl } = system;
  const own = parameterNames(outputs.ParameterPrefix, name);
  const deployed = parameterNames(outputs.ParameterPrefix, fleet);
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: deployed.config }));
  const { gitlabApi: _, ...document } = JSON.parse(Parameter?.Value ?? '{}');
  const put = (Name: string, Value: string, Type: 'String' | 'SecureString') =>
    ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));
  await put(own.config, JSON.stringify({ ...document, ...changes, name }), 'String');
  await put(own.runnerToken, runnerToken, 'SecureString');
  await put(own.webhookSecret, system.webhookSecret, 'SecureString');
  const url = new URL(webhookUrl);
  url.searchParams.set('fleet', name);
  return url.href;
}
