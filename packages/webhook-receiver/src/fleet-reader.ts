import type { SSMProvider } from '@aws-lambda-powertools/parameters/ssm';
import { createTimedCache, shareCalls, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { type CachedValue, isPaused, readThroughCache } from './cached-value.ts';
import { createCallBudget } from './call-budget.ts';
import { createFleetNames, type LastFailure } from './fleet-names.ts';
import { type FleetLookup, readFleet, type WarnOfSecret } from './read-fleet.ts';

/** A fleet causes at most one reread within this time, whether for wrong secrets or because it is unreadable. */
const REREAD_AFTER_MS = 2000;
/** The limit over all fleets: after a burst of 3, one read every two seconds for each warm Lambda. An account has 40 a second. */
const REREADS = { burst: 3, refillMs: 2000 };

/** Finds fleets, each with the settings and secrets of its webhook. */
export interface FleetReader {
  /**
   * The fleet, at most one minute old, or ten minutes while SSM throttles or fails.
   * @throws SSM's error, if the fleet is not cached
   */
  find(fleet: string): Promise<FleetLookup>;
  /**
   * The fleet as it is now. Undefined if it, or too many fleets, were reread within the last two seconds.
   * @throws SSM's error
   */
  findAgain(fleet: string): Promise<FleetLookup | undefined>;
}

/**
 * Reads all that a webhook needs of its fleet in one call. Anybody may name any fleet, so only those are read that are in a list
 * of all names, and the first one of a cold Lambda, which needs no list for that.
 * @param provider not shared with other readers, since its cache is cleared here
 */
export function createFleetReader(
  provider: SSMProvider,
  prefix: string,
  timing: Timing,
  warn: WarnOfSecret,
): FleetReader {
  // Only existing fleets are kept, so the map is bounded by their number.
  const known = new Map<string, CachedValue<FleetLookup>>();
  const failure: LastFailure = { at: Number.NEGATIVE_INFINITY, error: undefined };
  const names = createFleetNames(provider, prefix, timing, failure);
  /** Undefined at first; empty, which is no fleet's name, once the first one was found not to exist. */
  let first: string | undefined;
  const unreadable = createTimedCache<FleetLookup>({ now: timing.now, maxAgeMs: REREAD_AFTER_MS });
  // Separate from the time of an ordinary read: a secret rotated right after an ordinary read must take effect at once too.
  const rereadRecently = createTimedCache<true>({ now: timing.now, maxAgeMs: REREAD_AFTER_MS });
  const budget = createCallBudget(REREADS, timing.now);

  const fetch = shareCalls(async (fleet): Promise<FleetLookup> => {
    const readAt = timing.now();
    try {
      const found = await readFleet(provider, prefix, fleet, warn);
      keep(fleet, found, readAt);
      return found;
    } catch (error) {
      Object.assign(failure, { at: timing.now(), error });
      throw error;
    }
  });

  function keep(fleet: string, found: FleetLookup, readAt: number): void {
    if (found.kind === 'found') known.set(fleet, { value: found, readAt });
    else known.delete(fleet);
    if (found.kind === 'unreadable') unreadable.set(fleet, found);
    if (found.kind === 'unknown') names.drop(fleet);
  }

  return {
    async find(fleet) {
      const cached = known.get(fleet);
      if (cached) return readThroughCache(cached, failure.at, timing.now, () => fetch(fleet));
      const refused = unreadable.get(fleet);
      if (refused) return refused;
      first ??= fleet;
      if (fleet === first) {
        const found = await fetch(fleet);
        if (found.kind !== 'unknown') return found;
        first = '';
      }
      return (await names.include(fleet)) ? fetch(fleet) : { kind: 'unknown' };
    },
    async findAgain(fleet) {
      if (rereadRecently.get(fleet)) return undefined;
      if (isPaused(failure.at, timing.now()) || !budget.spend()) return undefined;
      rereadRecently.set(fleet, true);
      return fetch(fleet);
    },
  };
}
