const PERIOD_MS = 3_600_000;

/**
 * Makes a question whether it is time: true when it is asked first, and once an hour then. A Lambda that starts anew does not
 * know of the last time.
 * @param now milliseconds since 1970
 */
export function onceAnHour(now: () => number): () => boolean {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - lastAt < PERIOD_MS) return false;
    lastAt = now();
    return true;
  };
}
