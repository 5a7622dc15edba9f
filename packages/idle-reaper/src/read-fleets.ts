import { type Parameter, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { fleetsOf, fleetsPath, type ListedFleet, parameterNames } from '@serverless-gitlab-runner/fleet';
import type { ParameterFacts } from './decide-runner-token.ts';
import type { FleetFacts } from './fleet-facts.ts';

/** Called for each invalid document. The other fleets are not affected. */
export type ReportInvalidFleet = (fleet: string, problem: string) => void;

/** The fleets' parameters in Parameter Store. */
export interface StoredFleets {
  /** Fleets that have a document, by name. */
  fleets: ReadonlyMap<string, FleetFacts>;
  /** All parameters, including those of fleets whose document was removed. */
  parameters: readonly ParameterFacts[];
}

/** Reads every fleet's document, and when it and the other parameters were written. No secret is decrypted. */
export async function readFleets(
  ssm: SSMClient,
  prefix: string,
  report: ReportInvalidFleet,
): Promise<StoredFleets> {
  const parameters = await listParameters(ssm, fleetsPath(prefix).slice(0, -1));
  const fleets = fleetsOf(prefix, parameters);
  for (const fleet of fleets) if ('problem' in fleet) report(fleet.name, fleet.problem);
  return {
    fleets: new Map(fleets.map((fleet) => [fleet.name, factsOf(fleet, prefix)])),
    parameters: parameters.map(({ Name = '', LastModifiedDate }) => ({
      name: Name,
      writtenAt: LastModifiedDate?.getTime(),
    })),
  };
}

async function listParameters(ssm: SSMClient, path: string): Promise<Parameter[]> {
  const parameters: Parameter[] = [];
  const pages = paginateGetParametersByPath({ client: ssm }, { Path: path, Recursive: true });
  for await (const page of pages) parameters.push(...(page.Parameters ?? []));
  return parameters;
}

function factsOf(fleet: ListedFleet, prefix: string): FleetFacts {
  const { runnerToken, runnerTokensPath } = parameterNames(prefix, fleet.name);
  const tokens = [...fleet.otherParameters].filter(
    ([name]) => name === runnerToken || name.startsWith(runnerTokensPath),
  );
  return {
    name: fleet.name,
    config: 'config' in fleet ? fleet.config : undefined,
    configChangedAt: fleet.writtenAt ?? 0,
    ownTokenName: runnerToken,
    tokensChangedAt: new Map(tokens.map(([name, writtenAt]) => [name, writtenAt ?? 0])),
  };
}
