import { createHash } from 'node:crypto';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/** What identifies a launch: two launches with the same cause start one manager. */
export interface LaunchCause {
  /** Distinguishes installations that share a cluster. */
  parameterPrefix: string;
  fleet: string;
  /** The free slot that causes the launch. */
  slot: number;
  capacityProvider: CapacityProvider;
  /** Starts at 0, plus one for each earlier manager of the slot that ECS still remembers by its token. */
  generation: number;
}

const MAX_LENGTH = 64;

/**
 * RunTask's `clientToken`. The cause of a launch is a free slot. A retry, a second delivery, a concurrent launcher or a stale
 * read that finds the same slot free derives the same token, so ECS starts one manager for all of them.
 */
export function launchToken(cause: LaunchCause): string {
  const { parameterPrefix, fleet, slot, capacityProvider, generation } = cause;
  const text = JSON.stringify([parameterPrefix, fleet, slot, capacityProvider, generation]);
  return createHash('sha256').update(text).digest('hex').slice(0, MAX_LENGTH);
}
