/** Limits for values that were read from SSM, in milliseconds. */
const BOUNDS = {
  /** A value younger than this is not read again. */
  freshMs: 60_000,
  /** A value younger than this is used while SSM throttles or fails. After that, webhooks are answered with 503. */
  usableMs: 600_000,
  /** Time without calls to SSM after a failure. */
  pauseMs: 10_000,
};

/** A value that was read from SSM. */
export interface CachedValue<Value> {
  value: Value;
  /** Milliseconds since 1970. */
  readAt: number;
}

/**
 * Returns the known value if it is fresh, or if it is usable and SSM is paused after a failure. Otherwise calls `read`; if that
 * fails, returns the known value if it is still usable.
 * @param failedAt when SSM last failed: milliseconds since 1970
 * @throws errors of `read`, if no usable value is known
 */
export async function readThroughCache<Value>(
  known: CachedValue<Value> | undefined,
  failedAt: number,
  now: () => number,
  read: () => Promise<Value>,
): Promise<Value> {
  const calledAt = now();
  if (known && isFresh(known.readAt, calledAt)) return known.value;
  if (known && isUsable(known.readAt, calledAt) && isPaused(failedAt, calledAt)) return known.value;
  try {
    return await read();
  } catch (error) {
    if (known && isUsable(known.readAt, now())) return known.value;
    throw error;
  }
}

/** Whether a value is recent enough not to be read again. */
export function isFresh(readAt: number, now: number): boolean {
  return now - readAt < BOUNDS.freshMs;
}

/** Whether a value may still be used while SSM does not answer. */
export function isUsable(readAt: number, now: number): boolean {
  return now - readAt < BOUNDS.usableMs;
}

/** Whether SSM failed so recently that it is not called. */
export function isPaused(failedAt: number, now: number): boolean {
  return now - failedAt < BOUNDS.pauseMs;
}
