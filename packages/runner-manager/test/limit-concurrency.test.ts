import { describe, expect, it } from 'vitest';
import { limitConcurrency } from '../src/limit-concurrency.ts';

describe('a limit of two', () => {
  it('runs two actions concurrently and each other one as soon as there is room, also after failures', async () => {
    const limit = limitConcurrency(2);
    let running = 0;
    let most = 0;
    const act = (number: number) =>
      limit(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        if (number % 3 === 0) throw new Error(`${number}`);
        return number;
      });
    const results = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map(act));
    expect(most).toBe(2);
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    ]);
  });
});
