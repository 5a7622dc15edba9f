import { createHash } from 'node:crypto';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';

/** What makes a launch the same launch. */
export interface LaunchCause {
  /** Installations may share a cluster: the parameter prefix tells them apart. */
  parameterPrefix: string;
  fleet: string;
  /** The empty place in the fleet that causes the launch. */
  slot: number;
  capacityProvider: CapacityProvider;
  /** 0, and one more for each manager that held the place before and that ECS still remembers under the token. */
  generation: number;
}

const MAX_LENGTH = 64;

/**
 * RunTask's `clientToken`. The cause of a launch is an empty place, so whoever finds it empty (a retry, a second delivery, a
 * launcher beside this one, a read that lags) makes the same token, and ECS starts one manager for all of them.
 */
export function launchToken(cause: LaunchCause): string {
  const { parameterPrefix, fleet, slot, capacityProvider, generation } = cause;
  const text = JSON.stringify([parameterPrefix, fleet, slot, capacityProvider, generation]);
  return createHash('sha256').update(text).digest('hex').slice(0, MAX_LENGTH);
}
