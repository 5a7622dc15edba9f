import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/**
 * Milliseconds for which a provider that had no capacity is skipped. It must be shorter than the first delay of a message that
 * found none (at least 22.5 s, `retry-delay.ts`). Otherwise the message would come back without trying any provider.
 */
const FORGET_AFTER_MS = 20_000;

/**
 * Remembers, while the Lambda is warm, which capacity provider recently had no capacity, and in which subnets. Capacity belongs
 * to an availability zone, so a fleet in other subnets is not affected.
 */
export interface CapacityMemory {
  refused(provider: CapacityProvider, subnets: readonly string[]): void;
  /** The providers worth trying in those subnets, in the given order. */
  worthTrying(providers: readonly CapacityProvider[], subnets: readonly string[]): CapacityProvider[];
}

/** @param now milliseconds since 1970 */
export function createCapacityMemory(now: () => number): CapacityMemory {
  const refused = createTimedCache<true>({ now, maxAgeMs: FORGET_AFTER_MS });
  const keyOf = (provider: CapacityProvider, subnets: readonly string[]) =>
    [provider, ...subnets.toSorted()].join(' ');
  return {
    refused: (provider, subnets) => refused.set(keyOf(provider, subnets), true),
    worthTrying: (providers, subnets) =>
      providers.filter((provider) => !refused.get(keyOf(provider, subnets))),
  };
}
