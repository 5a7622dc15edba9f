export interface Stopwatch {
  /** Seconds since the last lap, or since the start, to a tenth. */
  lap(): number;
}

/** Starts a stopwatch. */
export function startStopwatch(): Stopwatch {
  let last = performance.now();
  return {
    lap() {
      const now = performance.now();
      const seconds = Math.round((now - last) / 100) / 10;
      last = now;
      return seconds;
    },
  };
}
