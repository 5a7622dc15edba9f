import type { RetryReason } from './outcome.ts';

/** Why a message comes back. */
export type DelayReason = RetryReason | 'recheck';

interface Delays {
  baseSeconds: number;
  maxSeconds: number;
}

const DELAYS: Partial<Record<DelayReason, Delays>> = {
  // Its manager is starting, or takes the job within a few polls. The second poll informs each launcher of the other's jobs.
  recheck: { baseSeconds: 10, maxSeconds: 30 },
  // The jobs wait for managers that exist. The maximum bounds how long the slot of a manager that left stays free.
  'at-maximum': { baseSeconds: 20, maxSeconds: 120 },
  'no-capacity': { baseSeconds: 30, maxSeconds: 300 },
};
const DEFAULT_DELAYS: Delays = { baseSeconds: 5, maxSeconds: 300 };

/**
 * Seconds until a message comes back. The delay doubles with each receive, up to a maximum. A quarter of it is random, so that
 * messages that arrived together do not come back together.
 * @param receiveCount from 1
 * @param random 0 to 1
 */
export function retryDelaySeconds(reason: DelayReason, receiveCount: number, random: number): number {
  const { baseSeconds, maxSeconds } = DELAYS[reason] ?? DEFAULT_DELAYS;
  const full = Math.min(maxSeconds, baseSeconds * 2 ** Math.min(receiveCount - 1, 20));
  return Math.ceil(full * (0.75 + random / 4));
}
