import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { shareCalls } from '@serverless-gitlab-runner/aws/calls';
import {
  type FleetConfig,
  fleetOfConfigParameter,
  fleetsPath,
  InvalidFleetConfigError,
  parseFleetConfig,
} from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which the list is cached. */
const MAX_AGE_MS = 30_000;

/** Returns every fleet whose document is valid. @throws SSM's errors */
export type ListFleets = () => Promise<FleetConfig[]>;

/** @param now milliseconds since 1970 */
export function createListFleets(ssm: SSMClient, prefix: string, now: () => number): ListFleets {
  let cached: { fleets: FleetConfig[]; readAt: number } | undefined;
  const list = shareCalls(async () => {
    const Path = fleetsPath(prefix).slice(0, -1);
    const fleets: FleetConfig[] = [];
    // The listing also returns the secrets under that path, still encrypted; they are ignored.
    for await (const { Parameters = [] } of paginateGetParametersByPath(
      { client: ssm },
      { Path, Recursive: true },
    )) {
      for (const { Name = '', Value = '' } of Parameters)
        if (fleetOfConfigParameter(prefix, Name) !== undefined) fleets.push(...valid(Name, Value));
    }
    cached = { fleets, readAt: now() };
    return fleets;
  });
  return async () => (cached && now() - cached.readAt < MAX_AGE_MS ? cached.fleets : list('all'));
}

/** An invalid document is reported by the messages of its own fleet and by the reaper's alarm. Here it is skipped. */
function valid(parameterName: string, document: string): FleetConfig[] {
  try {
    return [parseFleetConfig(parameterName, document)];
  } catch (error) {
    if (error instanceof InvalidFleetConfigError) return [];
    throw error;
  }
}
