import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import {
  fleetsOf,
  fleetsPath,
  type ListedFleet,
  type ListedParameter,
  parameterNames,
} from '@serverless-gitlab-runner/fleet';

/** Reads the fleets from Parameter Store, sorted by name. Secrets stay encrypted. */
export async function readFleets(client: SSMClient, parameterPrefix: string): Promise<ListedFleet[]> {
  const parameters: ListedParameter[] = [];
  const query = { Path: fleetsPath(parameterPrefix).slice(0, -1), Recursive: true, WithDecryption: false };
  for await (const page of paginateGetParametersByPath({ client }, query))
    parameters.push(...(page.Parameters ?? []));
  return fleetsOf(parameterPrefix, parameters).sort((one, other) => one.name.localeCompare(other.name));
}

/** Which of a fleet's secrets are stored. The webhook's is its secret token or its signing token. */
export function storedSecrets({ name, otherParameters }: ListedFleet, parameterPrefix: string) {
  const names = parameterNames(parameterPrefix, name);
  const has = (parameter: string) => otherParameters.has(parameter);
  return {
    runnerToken: has(names.runnerToken),
    webhookSecret: has(names.webhookSecret) || has(names.signingToken),
    apiToken: has(names.apiToken),
  };
}

/** The GitLab of each fleet whose document is valid, by the fleet's name. */
export function gitlabUrlsOf(fleets: readonly ListedFleet[]): ReadonlyMap<string, string> {
  return new Map(
    fleets.flatMap((fleet) => ('config' in fleet ? [[fleet.name, fleet.config.gitlabUrl] as const] : [])),
  );
}
