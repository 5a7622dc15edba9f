import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { shareCalls, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { fleetOfConfigParameter, fleetsPath } from '@serverless-gitlab-runner/fleet';
import { isFresh, isPaused, isUsable } from './cached-value.ts';

/** Requests that name unknown fleets cause at most one list within this time. */
const LIST_AGAIN_AFTER_MS = 2000;

/** The names of all fleets. */
export interface FleetNames {
  /**
   * Whether there is such a fleet, by a list that is at most one minute old, or ten minutes while SSM throttles or fails.
   * @throws SSM's last error, if no such list is known
   */
  include(fleet: string): Promise<boolean>;
  /** Forgets a fleet that was found not to exist any more. */
  drop(fleet: string): void;
}

/** SSM's last failure, of whichever read. */
export interface LastFailure {
  /** Milliseconds since 1970; minus infinity: never. */
  at: number;
  error: unknown;
}

/** @param failure read and written here */
export function createFleetNames(
  provider: SSMProvider,
  prefix: string,
  timing: Timing,
  failure: LastFailure,
): FleetNames {
  let names = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;

  const list = shareCalls(async () => {
    const startedAt = timing.now();
    try {
      names = await readNames(provider, prefix);
      readAt = startedAt;
    } catch (error) {
      Object.assign(failure, { at: timing.now(), error });
    }
    triedAt = timing.now();
  });

  return {
    async include(fleet) {
      const now = timing.now();
      const isListed = names.has(fleet) && isFresh(readAt, now);
      const mayList = now - triedAt >= LIST_AGAIN_AFTER_MS && !isPaused(failure.at, now);
      if (!isListed && mayList) await list('all');
      if (!isUsable(readAt, timing.now())) throw failure.error;
      return names.has(fleet);
    },
    drop: (fleet) => void names.delete(fleet),
  };
}

async function readNames(provider: SSMProvider, prefix: string): Promise<Set<string>> {
  const path = fleetsPath(prefix);
  const values = await provider.getMultiple(path.slice(0, -1), {
    recursive: true,
    decrypt: false,
    forceFetch: true,
    // Documents are Strings, secrets are SecureStrings: the filter avoids pages of secrets.
    sdkOptions: { ParameterFilters: [{ Key: 'Type', Option: 'Equals', Values: ['String'] }] },
  });
  const fleets = Object.keys(values ?? {}).map((name) => fleetOfConfigParameter(prefix, `${path}${name}`));
  return new Set(fleets.filter((fleet) => fleet !== undefined));
}
