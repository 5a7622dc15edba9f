import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { fleetOfConfigParameter, fleetsPath, parameterNames } from '@serverless-gitlab-runner/fleet';

/** A deployed fleet, and which of its secrets are stored. */
export interface DeployedFleet {
  readonly name: string;
  readonly gitlabUrl: string;
  /** Whether it uses GitLab's API, for which it needs a token. */
  readonly usesApi: boolean;
  readonly stored: {
    readonly runnerToken: boolean;
    readonly apiToken: boolean;
    /** The webhook's secret token or its signing token. */
    readonly webhookSecret: boolean;
  };
}

/** Reads the fleets from Parameter Store, sorted by name; secrets stay encrypted. */
export async function readFleets(client: SSMClient, parameterPrefix: string): Promise<DeployedFleet[]> {
  const values = new Map<string, string>();
  const query = { Path: fleetsPath(parameterPrefix).slice(0, -1), Recursive: true, WithDecryption: false };
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client }, query))
    for (const { Name = '', Value = '' } of Parameters) values.set(Name, Value);
  return [...values.keys()]
    .flatMap((parameter) => fleetOfConfigParameter(parameterPrefix, parameter) ?? [])
    .sort()
    .map((name) => toFleet(name, parameterPrefix, values));
}

function toFleet(name: string, prefix: string, values: ReadonlyMap<string, string>): DeployedFleet {
  const names = parameterNames(prefix, name);
  const { gitlabUrl, gitlabApi } = JSON.parse(values.get(names.config) ?? '{}');
  return {
    name,
    gitlabUrl: String(gitlabUrl ?? 'https://gitlab.com'),
    usesApi: gitlabApi !== undefined,
    stored: {
      runnerToken: values.has(names.runnerToken),
      apiToken: values.has(names.apiToken),
      webhookSecret: values.has(names.webhookSecret) || values.has(names.signingToken),
    },
  };
}
