import { type Parameter, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { fleetsOf, fleetsPath, type ListedFleet, parameterNames } from '@serverless-gitlab-runner/fleet';

/** A deployed fleet, and which of its secrets are stored. */
export type DeployedFleet = {
  readonly name: string;
  readonly stored: {
    readonly runnerToken: boolean;
    readonly apiToken: boolean;
    /** The webhook's secret token or its signing token. */
    readonly webhookSecret: boolean;
  };
} & (
  | {
      readonly gitlabUrl: string;
      /** Whether it uses GitLab's API, for which it needs a token. */
      readonly usesApi: boolean;
    }
  /** Why its document is invalid, in one line. */
  | { readonly problem: string }
);

/** Reads the fleets from Parameter Store, sorted by name; secrets stay encrypted. @throws SSM's errors */
export async function readFleets(client: SSMClient, parameterPrefix: string): Promise<DeployedFleet[]> {
  const parameters: Parameter[] = [];
  const query = { Path: fleetsPath(parameterPrefix).slice(0, -1), Recursive: true, WithDecryption: false };
  for await (const page of paginateGetParametersByPath({ client }, query))
    parameters.push(...(page.Parameters ?? []));
  return fleetsOf(parameterPrefix, parameters)
    .map((fleet) => deployedFleet(fleet, parameterPrefix))
    .sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
}

function deployedFleet(fleet: ListedFleet, prefix: string): DeployedFleet {
  const { name, otherParameters } = fleet;
  const names = parameterNames(prefix, name);
  const stored = {
    runnerToken: otherParameters.has(names.runnerToken),
    apiToken: otherParameters.has(names.apiToken),
    webhookSecret: otherParameters.has(names.webhookSecret) || otherParameters.has(names.signingToken),
  };
  if ('problem' in fleet) return { name, stored, problem: fleet.problem.replaceAll(/\s+/g, ' ') };
  const { gitlabUrl, gitlabApi } = fleet.config;
  return { name, stored, gitlabUrl, usesApi: gitlabApi !== undefined };
}
