import { type Parameter, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import {
  type FleetConfig,
  fleetOfConfigParameter,
  fleetsPath,
  InvalidFleetConfigError,
  parameterNames,
  parseFleetConfig,
} from '@serverless-gitlab-runner/fleet';
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
  const fleets = new Map<string, FleetFacts>();
  for (const { Name: parameterName = '', Value: document = '', LastModifiedDate } of parameters) {
    const name = fleetOfConfigParameter(prefix, parameterName);
    if (name === undefined) continue;
    const names = parameterNames(prefix, name);
    const tokens = parameters.filter(
      ({ Name = '' }) => Name === names.runnerToken || Name.startsWith(names.runnerTokensPath),
    );
    fleets.set(name, {
      name,
      config: readConfig(name, parameterName, document, report),
      configChangedAt: LastModifiedDate?.getTime() ?? 0,
      ownTokenName: names.runnerToken,
      tokensChangedAt: new Map(
        tokens.map(({ Name = '', LastModifiedDate: changed }) => [Name, changed?.getTime() ?? 0]),
      ),
    });
  }
  return {
    fleets,
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

function readConfig(
  fleet: string,
  parameterName: string,
  document: string,
  report: ReportInvalidFleet,
): FleetConfig | undefined {
  try {
    return parseFleetConfig(parameterName, document);
  } catch (error) {
    if (!(error instanceof InvalidFleetConfigError)) throw error;
    report(fleet, error.message);
    return undefined;
  }
}
