import type { RetryReason } from './outcome.ts';

/** Why a message comes back. */
export type ComingBack = RetryReason | 'recheck';

interface Delays {
  baseSeconds: number;
  maxSeconds: number;
}

const DELAYS: Partial<Record<ComingBack, Delays>> = {
  // Its manager starts, or takes it within some polls: the second look tells both launchers of each other's jobs.
  recheck: { baseSeconds: 10, maxSeconds: 30 },
  // The jobs wait at GitLab for managers that exist; the ceiling is how long a place that one of them leaves stays empty.
  'at-maximum': { baseSeconds: 20, maxSeconds: 120 },
  'no-capacity': { baseSeconds: 30, maxSeconds: 300 },
};
const SOON: Delays = { baseSeconds: 5, maxSeconds: 300 };

/**
 * Seconds after which a message is looked at again: doubling with each receive, up to a ceiling, with a quarter of it left to
 * chance so that messages of one moment do not all come back together.
 * @param receiveCount from 1
 * @param random 0 to 1
 */
export function retryDelaySeconds(why: ComingBack, receiveCount: number, random: number): number {
  const { baseSeconds, maxSeconds } = DELAYS[why] ?? SOON;
  const full = Math.min(maxSeconds, baseSeconds * 2 ** Math.min(receiveCount - 1, 20));
  return Math.ceil(full * (0.75 + random / 4));
}
