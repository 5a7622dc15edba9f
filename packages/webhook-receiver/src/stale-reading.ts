/** What may be done with what was read from SSM before. Milliseconds. */
const BOUNDS = {
  /** For so long it is not read again. */
  freshMs: 60_000,
  /** For so long it is used while SSM throttles or fails; then a webhook is answered with 503. */
  usableMs: 600_000,
  /** For so long SSM is left alone after it failed. */
  pauseMs: 10_000,
};

/** Whether something was read so lately that it need not be read again. */
export function isFresh(readAt: number, now: number): boolean {
  return now - readAt < BOUNDS.freshMs;
}

/** Whether something read before may still be used, since SSM does not answer. */
export function isUsable(readAt: number, now: number): boolean {
  return now - readAt < BOUNDS.usableMs;
}

/** Whether SSM failed so lately that it is left alone. */
export function isPaused(failedAt: number, now: number): boolean {
  return now - failedAt < BOUNDS.pauseMs;
}
