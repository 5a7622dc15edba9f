import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import {
  fleetsOf,
  fleetsPath,
  type ListedFleet,
  type ListedParameter,
} from '@serverless-gitlab-runner/fleet';

/** Reads the fleets from Parameter Store, sorted by name. Secrets stay encrypted. */
export async function readFleets(client: SSMClient, parameterPrefix: string): Promise<ListedFleet[]> {
  const parameters: ListedParameter[] = [];
  const query = { Path: fleetsPath(parameterPrefix).slice(0, -1), Recursive: true, WithDecryption: false };
  for await (const page of paginateGetParametersByPath({ client }, query))
    parameters.push(...(page.Parameters ?? []));
  return fleetsOf(parameterPrefix, parameters).sort((one, other) => one.name.localeCompare(other.name));
}
