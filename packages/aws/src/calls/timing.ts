/** Clock, sleep and randomness, injected so that tests control them. */
export interface Timing {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** 0 to 1, 1 excluded. */
  random(): number;
}

export const systemTiming: Timing = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  random: () => Math.random(),
};

/**
 * Milliseconds to wait before attempt `attempt` + 1 (attempts count from 1): full jitter, a random part of a doubling maximum.
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function fullJitter(attempt: number, random: number, baseMs: number, maxMs: number): number {
  return Math.floor(random * Math.min(maxMs, baseMs * 2 ** (attempt - 1)));
}
