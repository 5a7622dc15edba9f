import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/**
 * Milliseconds for which a provider that had no capacity is not asked again. Shorter than the first delay of a message that
 * found none (22.5 s at least, `retry-delay.ts`): or it would come back and not even ask.
 */
const FORGET_AFTER_MS = 20_000;

/** Remembers, as long as the Lambda is warm, which capacity provider had none a moment ago. */
export interface CapacityMemory {
  refused(provider: CapacityProvider): void;
  /** The providers worth asking, in their order. */
  worthAsking(providers: readonly CapacityProvider[]): CapacityProvider[];
}

/** @param now milliseconds since 1970 */
export function createCapacityMemory(now: () => number): CapacityMemory {
  const refusedAt = new Map<CapacityProvider, number>();
  return {
    refused: (provider) => refusedAt.set(provider, now()),
    worthAsking: (providers) =>
      providers.filter((provider) => now() - (refusedAt.get(provider) ?? -Infinity) >= FORGET_AFTER_MS),
  };
}
