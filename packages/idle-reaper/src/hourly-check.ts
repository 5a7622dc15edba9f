const PERIOD_MS = 3_600_000;

/**
 * Creates a function that returns true on its first call, and then once an hour. A cold Lambda does not know when its predecessor
 * last returned true.
 * @param now milliseconds since 1970
 */
export function createHourlyCheck(now: () => number): () => boolean {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - lastAt < PERIOD_MS) return false;
    lastAt = now();
    return true;
  };
}
