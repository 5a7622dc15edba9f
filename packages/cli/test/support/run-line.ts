import { run } from '../../src/index.ts';
import { now } from './job.ts';

/** Runs a command line without a terminal, and returns what it printed. */
export async function runLine(args: readonly string[], columns: number) {
  const printed: string[] = [];
  const errors: string[] = [];
  const code = await run([...args], {
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
    columns,
    ask: undefined,
    now: () => now,
  });
  return { code, text: printed.join('\n'), errors: errors.join('\n') };
}
