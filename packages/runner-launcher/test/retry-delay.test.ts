import { describe, expect, it } from 'vitest';
import { retryDelaySeconds } from '../src/index.ts';

describe('the delay of a retry', () => {
  it.each([
    ['at-maximum', 1, 20],
    ['at-maximum', 2, 40],
    ['at-maximum', 3, 80],
    ['at-maximum', 4, 120],
    ['at-maximum', 1000, 120],
    ['recheck', 1, 10],
    ['recheck', 2, 20],
    ['recheck', 3, 30],
    ['recheck', 1000, 30],
    ['no-capacity', 1, 30],
    ['no-capacity', 9, 300],
    ['throttled', 1, 5],
    ['unknown', 3, 20],
    ['unknown', 50, 300],
  ] as const)(
    'for %s at receive %i is at max %i seconds, and no less than three quarters',
    (reason, count, max) => {
      expect(retryDelaySeconds(reason, count, 1)).toBe(max);
      expect(retryDelaySeconds(reason, count, 0)).toBe(Math.ceil(max * 0.75));
    },
  );
});
