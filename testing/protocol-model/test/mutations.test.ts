import { describe, expect, it } from 'vitest';
import { checkFamily, mutations } from '../src/index.ts';
import { SEED, TIMEOUT_MS } from './support/expect-family.ts';

/** A few hundred suffice in practice; the README has the numbers. */
const SCHEDULES = 3000;

describe('the removal of a precaution violates an invariant', () => {
  it.each(Object.entries(mutations))(
    '%s',
    { timeout: TIMEOUT_MS },
    async (_title, { overrides, caughtIn, by }) => {
      const { failure } = await checkFamily(caughtIn, {
        schedules: SCHEDULES,
        seed: SEED,
        overrides,
        shrink: false,
      });
      expect(by).toContain(failure?.violation.invariant);
    },
  );
});
