import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/**
 * Milliseconds for which a provider that had no capacity is not asked again. Shorter than the first delay of a message that
 * found none (22.5 s at least, `retry-delay.ts`): or it would come back and not even ask.
 */
const FORGET_AFTER_MS = 20_000;

/**
 * Remembers, as long as the Lambda is warm, which capacity provider had none a moment ago, and in which subnets: capacity is
 * an availability zone's, so fleets in other subnets ask for themselves.
 */
export interface CapacityMemory {
  refused(provider: CapacityProvider, subnets: readonly string[]): void;
  /** The providers worth asking in those subnets, in their order. */
  worthAsking(providers: readonly CapacityProvider[], subnets: readonly string[]): CapacityProvider[];
}

/** @param now milliseconds since 1970 */
export function createCapacityMemory(now: () => number): CapacityMemory {
  const refusedAt = new Map<string, number>();
  const keyOf = (provider: CapacityProvider, subnets: readonly string[]) =>
    [provider, ...subnets.toSorted()].join(' ');
  return {
    refused: (provider, subnets) => void refusedAt.set(keyOf(provider, subnets), now()),
    worthAsking: (providers, subnets) =>
      providers.filter(
        (provider) => now() - (refusedAt.get(keyOf(provider, subnets)) ?? -Infinity) >= FORGET_AFTER_MS,
      ),
  };
}
