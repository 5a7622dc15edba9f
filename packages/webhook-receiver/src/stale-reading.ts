/** What may be done with what was read from SSM before. Milliseconds. */
const BOUNDS = {
  /** For so long it is not read again. */
  freshMs: 60_000,
  /** For so long it is used while SSM throttles or fails; then a webhook is answered with 503. */
  usableMs: 600_000,
  /** For so long SSM is left alone after it failed. */
  pauseMs: 10_000,
};

/** What was read from SSM before. */
export interface Reading<Value> {
  value: Value;
  /** Milliseconds since 1970. */
  readAt: number;
}

/**
 * What was read before, while it is fresh or while it is usable and SSM is left alone; else what `read` gives, or, where that
 * fails, what was read before if it is usable still.
 * @param failedAt when SSM failed last: milliseconds since 1970
 * @throws what `read` throws, when nothing usable was read before
 */
export async function readUnlessKnown<Value>(
  known: Reading<Value> | undefined,
  failedAt: number,
  now: () => number,
  read: () => Promise<Value>,
): Promise<Value> {
  const askedAt = now();
  if (known && isFresh(known.readAt, askedAt)) return known.value;
  if (known && isUsable(known.readAt, askedAt) && isPaused(failedAt, askedAt)) return known.value;
  try {
    return await read();
  } catch (error) {
    if (known && isUsable(known.readAt, now())) return known.value;
    throw error;
  }
}

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
