import { expect, it } from 'vitest';
import { fuzz } from './support/fuzz.ts';

it('answers ten thousand odd requests without a failure of its own', async () => {
  const { inputs, statuses } = await fuzz(10_000, 20_261_124, () => undefined);
  expect(inputs).toBe(10_000);
  const known = ['202', '204', '400', '401', '404'];
  expect(Object.keys(statuses).filter((status) => !known.includes(status))).toEqual([]);
  // The requests are odd, and yet some of them are good: else nothing behind authentication was tried.
  expect(statuses[202]).toBeGreaterThan(100);
  expect(statuses[400]).toBeGreaterThan(100);
}, 120_000);
