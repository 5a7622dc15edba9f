/**
 * Fuzzes the receiver: `node --expose-gc packages/webhook-receiver/scripts/fuzz.ts [INPUTS] [SEED]`; default: one million inputs.
 * Exits with 1 if an answer was a 5xx, if an answer took longer than a second, or if memory grew.
 */
import { fuzz } from '../test/support/fuzz.ts';

const [inputs = 1_000_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const MAX_MS = 1000;
const MAX_GROWTH_BYTES = 20 * 1024 * 1024;

console.error(`${inputs} inputs, seed ${seed}`);
const result = await fuzz(inputs, seed, (done) => console.error(`${done} done`));
console.log(JSON.stringify(result, null, 2));

const failures = Object.keys(result.statuses).filter((status) => Number(status) >= 500);
const growth = (result.heapBytes.at(-1) ?? 0) - (result.heapBytes[0] ?? 0);
const problems = [
  ...failures.map((status) => `answered ${status}`),
  ...(result.slowestMs > MAX_MS ? [`the slowest answer took ${result.slowestMs.toFixed(0)} ms`] : []),
  ...(globalThis.gc && growth > MAX_GROWTH_BYTES ? [`memory grew by ${growth} bytes`] : []),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
