import type { Outcome } from './outcome.ts';

type RetryReason = Extract<Outcome, { kind: 'retry' }>['reason'];

interface Delays {
  baseSeconds: number;
  maxSeconds: number;
}

const DELAYS: Partial<Record<RetryReason, Delays>> = {
  // The jobs wait at GitLab for a manager that is there: looking often would only burn Lambda time.
  'at-maximum': { baseSeconds: 20, maxSeconds: 900 },
  'no-capacity': { baseSeconds: 30, maxSeconds: 300 },
};
const SOON: Delays = { baseSeconds: 5, maxSeconds: 300 };

/**
 * Seconds after which a message is looked at again: doubling with each receive, up to a ceiling, with a quarter of it left to
 * chance so that messages of one moment do not all come back together.
 * @param receiveCount from 1
 * @param random 0 to 1
 */
export function retryDelaySeconds(reason: RetryReason, receiveCount: number, random: number): number {
  const { baseSeconds, maxSeconds } = DELAYS[reason] ?? SOON;
  const full = Math.min(maxSeconds, baseSeconds * 2 ** Math.min(receiveCount - 1, 20));
  return Math.ceil(full * (0.75 + random / 4));
}
