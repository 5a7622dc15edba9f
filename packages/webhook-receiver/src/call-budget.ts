/** Calls that may be made at once, and how fast they come back. */
export interface CallBudget {
  /** Whether one more call may be made now; if so it is spent. */
  spend(): boolean;
}

/**
 * A token bucket, full at first.
 * @param now milliseconds since 1970
 */
export function createCallBudget(
  { most, refillMs }: { most: number; refillMs: number },
  now: () => number,
): CallBudget {
  let left = most;
  let countedAt = now();
  return {
    spend() {
      left = Math.min(most, left + (now() - countedAt) / refillMs);
      countedAt = now();
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
