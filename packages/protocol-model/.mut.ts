import fc from 'fast-check';
import { families } from './src/families.ts';
import { mutations } from './src/mutations.ts';
import { runSchedule } from './src/run-schedule.ts';
for (const [name, m] of Object.entries(mutations)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  const t = Date.now(); const counts: Record<string, number> = {}; let first = 0; let n = 0;
  const N = Number(process.env.N ?? 300);
  for (const s of fc.sample(families[m.caughtIn], { numRuns: N, seed: 7 })) {
    n += 1;
    const { violation } = await runSchedule(s, m.seams);
    if (!violation) continue;
    counts[violation.invariant] = (counts[violation.invariant] ?? 0) + 1;
    if (violation.invariant === m.by && !first) first = n;
  }
  console.log(first ? 'caught' : 'MISSED', '|', name, '|', m.caughtIn, '| first', first, JSON.stringify(counts), Date.now() - t, 'ms');
}
