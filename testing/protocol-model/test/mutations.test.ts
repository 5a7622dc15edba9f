import { describe, expect, it } from 'vitest';
import { checkFamily, mutations } from '../src/index.ts';
import { SEED, TIMEOUT_MS } from './support/expect-family.ts';

/** In practice a few hundred do; see the README for how many each takes. */
const SCHEDULES = 3000;

describe('the model bites: a precaution is taken away, and an invariant tells', () => {
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
