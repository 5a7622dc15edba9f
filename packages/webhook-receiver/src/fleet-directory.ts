import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { shareCalls, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { type FleetConfig, fleetsOf, fleetsPath, type ListedFleet } from '@serverless-gitlab-runner/fleet';
import { type CachedValue, isPaused, readThroughCache } from './cached-value.ts';

/** Requests for unknown fleets cause at most one read of SSM within this time. */
const REREAD_AFTER_MS = 2000;

export type FleetLookup =
  | { kind: 'found'; config: FleetConfig }
  | { kind: 'unknown' }
  | { kind: 'invalid'; message: string };

/** Finds fleets by name. */
export interface FleetDirectory {
  find(fleet: string): Promise<FleetLookup>;
}

/**
 * Reads all fleets in one call, so that requests for unknown fleets do not cost a call each. A missing or invalid fleet is read
 * again soon, since one bad read must not last for a minute. While SSM throttles or fails, fleets read before are used for ten
 * minutes.
 */
export function createFleetDirectory(provider: SSMProvider, prefix: string, timing: Timing): FleetDirectory {
  let known: CachedValue<Map<string, FleetLookup>> = { value: new Map(), readAt: Number.NEGATIVE_INFINITY };
  let failedAt = Number.NEGATIVE_INFINITY;
  let rereadAt = Number.NEGATIVE_INFINITY;

  const readAll = shareCalls(async () => {
    const readAt = timing.now();
    try {
      known = { value: await readFleets(provider, prefix), readAt };
      return known.value;
    } catch (error) {
      failedAt = timing.now();
      throw error;
    }
  });

  async function reread(): Promise<void> {
    const now = timing.now();
    if (now - rereadAt < REREAD_AFTER_MS || isPaused(failedAt, now)) return;
    rereadAt = now;
    await readAll('all');
  }

  return {
    async find(fleet) {
      const startedAt = timing.now();
      await readThroughCache(known, failedAt, timing.now, () => readAll('all'));
      if (known.value.get(fleet)?.kind !== 'found' && known.readAt < startedAt) await reread();
      return known.value.get(fleet) ?? { kind: 'unknown' };
    },
  };
}

async function readFleets(provider: SSMProvider, prefix: string): Promise<Map<string, FleetLookup>> {
  const path = fleetsPath(prefix);
  const values = await provider.getMultiple(path.slice(0, -1), {
    recursive: true,
    decrypt: false,
    forceFetch: true,
    // Documents are Strings, secrets are SecureStrings: the filter avoids pages of secrets.
    sdkOptions: { ParameterFilters: [{ Key: 'Type', Option: 'Equals', Values: ['String'] }] },
  });
  const parameters = Object.entries(values ?? {}).map(([relativeName, Value]) => ({
    Name: `${path}${relativeName}`,
    Value,
  }));
  return new Map(fleetsOf(prefix, parameters).map((fleet) => [fleet.name, lookupOf(fleet)]));
}

function lookupOf(fleet: ListedFleet): FleetLookup {
  return 'config' in fleet
    ? { kind: 'found', config: fleet.config }
    : { kind: 'invalid', message: fleet.problem };
}
