import { expect, it } from 'vitest';
import { checkFamily, type FamilyName } from '../../src/index.ts';

/** A fixed seed: every machine tests a commit with the same schedules. Long runs use other seeds. */
export const SEED = 20_261_123;

/** Any family needs less than a minute on an idle machine, but other tests may run concurrently. */
export const TIMEOUT_MS = 240_000;

/** Defines a test for each family: its schedules violate no invariant. A failure prints seed, schedule and trace. */
export function itHoldsInvariants(families: Readonly<Partial<Record<FamilyName, number>>>): void {
  for (const [family, schedules] of entriesOf(families)) {
    it(`all invariants hold in ${schedules} schedules of "${family}"`, { timeout: TIMEOUT_MS }, async () => {
      const report = await checkFamily(family, { schedules, seed: SEED });
      expect(report.failure?.message).toBeUndefined();
      expect(report.schedules).toBe(schedules);
    });
  }
}

function entriesOf<Key extends string>(record: Readonly<Partial<Record<Key, number>>>): [Key, number][] {
  const entries: [Key, number][] = [];
  for (const key in record) entries.push([key, record[key] ?? 0]);
  return entries;
}
