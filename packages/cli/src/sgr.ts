#!/usr/bin/env node
/** The command line `sgr`; see `sgr --help`. */
import { run } from './run.ts';

// Whoever reads the output may have seen enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

/** On stderr, so that the output of a command stays its result. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(question);
  lines.close();
  return answer;
}

process.exitCode = await run(process.argv.slice(2), {
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
  // Some terminals, such as those of pipelines, report 0 columns.
  columns: process.stdout.columns || Number(process.env.COLUMNS) || undefined,
  ask: process.stdin.isTTY ? ask : undefined,
  now: Date.now,
});
