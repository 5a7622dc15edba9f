/** Limits the rate of calls. */
export interface CallBudget {
  /** Whether one more call may be made now. If so, it is deducted. */
  spend(): boolean;
}

/**
 * A token bucket, initially full.
 * @param now milliseconds since 1970
 */
export function createCallBudget(
  { burst, refillMs }: { burst: number; refillMs: number },
  now: () => number,
): CallBudget {
  let left = burst;
  let countedAt = now();
  return {
    spend() {
      left = Math.min(burst, left + (now() - countedAt) / refillMs);
      countedAt = now();
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
