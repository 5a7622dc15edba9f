import { expect, it } from 'vitest';
import { checkFamily, type FamilyName } from '../../src/index.ts';

/** One seed, so that a commit is judged by the same schedules everywhere; long runs try others. */
export const SEED = 20_261_123;

/** A minute is enough on an idle machine for any family; others may run tests beside. */
export const TIMEOUT_MS = 240_000;

/** A test for each family: its schedules violate nothing. A failure prints seed, schedule and what happened. */
export function itHolds(families: Readonly<Partial<Record<FamilyName, number>>>): void {
  for (const [family, schedules] of entriesOf(families)) {
    it(`holds in ${schedules} schedules of "${family}"`, { timeout: TIMEOUT_MS }, async () => {
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
