import { type Parameter, paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import { createTimedCache, shareCalls } from '@serverless-gitlab-runner/aws/calls';
import { type FleetConfig, fleetsOf, fleetsPath } from '@serverless-gitlab-runner/fleet';

/** Milliseconds for which the list is cached. */
const MAX_AGE_MS = 30_000;

/** Returns every fleet whose document is valid. @throws SSM's errors */
export type ListFleets = () => Promise<FleetConfig[]>;

/** @param now milliseconds since 1970 */
export function createListFleets(ssm: SSMClient, prefix: string, now: () => number): ListFleets {
  const cached = createTimedCache<FleetConfig[]>({ now, maxAgeMs: MAX_AGE_MS });
  const list = shareCalls(async () => {
    const fleets = await listFleets(ssm, prefix);
    cached.set('all', fleets);
    return fleets;
  });
  return async () => cached.get('all') ?? list('all');
}

async function listFleets(ssm: SSMClient, prefix: string): Promise<FleetConfig[]> {
  // The listing also returns the secrets under that path, still encrypted; they are ignored.
  const parameters: Parameter[] = [];
  const query = { Path: fleetsPath(prefix).slice(0, -1), Recursive: true };
  for await (const page of paginateGetParametersByPath({ client: ssm }, query))
    parameters.push(...(page.Parameters ?? []));
  // An invalid document is reported by the messages of its own fleet and by the reaper's alarm. Here it is skipped.
  return fleetsOf(prefix, parameters).flatMap((fleet) => ('config' in fleet ? [fleet.config] : []));
}
