import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { shareCalls } from '@serverless-gitlab-runner/aws/calls';
import {
  type FleetConfig,
  fleetOfConfigParameter,
  fleetsPath,
  InvalidFleetConfigError,
  parseFleetConfig,
} from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which the list is held. */
const MAX_AGE_MS = 30_000;

/** Every fleet whose document is valid. @throws what SSM throws */
export type ListFleets = () => Promise<FleetConfig[]>;

/** @param now milliseconds since 1970 */
export function createListFleets(ssm: SSMClient, prefix: string, now: () => number): ListFleets {
  let held: { fleets: FleetConfig[]; readAt: number } | undefined;
  const list = shareCalls(async () => {
    const Path = fleetsPath(prefix).slice(0, -1);
    const fleets: FleetConfig[] = [];
    // Secrets under that path come along encrypted, and are not looked at.
    for await (const { Parameters = [] } of paginateGetParametersByPath(
      { client: ssm },
      { Path, Recursive: true },
    )) {
      for (const { Name = '', Value = '' } of Parameters)
        if (fleetOfConfigParameter(prefix, Name) !== undefined) fleets.push(...valid(Name, Value));
    }
    held = { fleets, readAt: now() };
    return fleets;
  });
  return async () => (held && now() - held.readAt < MAX_AGE_MS ? held.fleets : list('all'));
}

/** An invalid document belongs to its own fleet's messages, and to the reaper's alarm: here it is just no fleet. */
function valid(parameterName: string, document: string): FleetConfig[] {
  try {
    return [parseFleetConfig(parameterName, document)];
  } catch (error) {
    if (error instanceof InvalidFleetConfigError) return [];
    throw error;
  }
}
