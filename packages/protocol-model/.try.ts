import fc from 'fast-check';
import { type FamilyName, families } from '/work/main/packages/protocol-model/src/families.ts';
import { runSchedule } from '/work/main/packages/protocol-model/src/run-schedule.ts';

const names = (
  process.argv[2] && process.argv[2] !== 'all' ? [process.argv[2]] : Object.keys(families)
) as FamilyName[];
const n = Number(process.argv[3] ?? 300);
for (const name of names) {
  const t = Date.now();
  const r = await fc.check(
    fc.asyncProperty(families[name], async (s) => {
      const { violation } = await runSchedule(s);
      if (violation) throw new Error(JSON.stringify(violation));
    }),
    {
      numRuns: n,
      ...(process.argv[4] ? { seed: Number(process.argv[4]) } : {}),
      markInterruptAsFailure: false,
      interruptAfterTimeLimit: Number(process.env.LIMIT ?? 60000),
    },
  );
  const ms = Date.now() - t;
  console.log(
    name,
    r.failed ? 'FAILED' : 'ok',
    r.numRuns,
    'runs',
    (ms / r.numRuns).toFixed(2),
    'ms',
    r.numShrinks,
    'shrinks seed',
    r.seed,
  );
  if (r.failed && process.env.TRACE) {
    const v = await runSchedule(r.counterexample![0], {}, (l) => console.log(l));
  }
  if (r.failed) {
    console.log(JSON.stringify(r.counterexample?.[0]));
    console.log(String(r.errorInstance).slice(0, 1500));
  }
}
