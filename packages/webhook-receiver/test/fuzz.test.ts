import { expect, it } from 'vitest';
import { fuzz } from './support/fuzz.ts';

it('answers ten thousand random requests without an internal error', async () => {
  const { inputs, statuses } = await fuzz(10_000, 20_261_124, () => undefined);
  expect(inputs).toBe(10_000);
  const known = ['202', '204', '400', '401', '404'];
  expect(Object.keys(statuses).filter((status) => !known.includes(status))).toEqual([]);
  // Some of the random requests must be valid: otherwise nothing behind authentication was tested.
  expect(statuses[202]).toBeGreaterThan(100);
  expect(statuses[400]).toBeGreaterThan(100);
}, 120_000);
