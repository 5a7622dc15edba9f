#!/usr/bin/env node
/** The command line `sgr`; see `sgr --help`. */
import { run } from './run.ts';

// Whoever reads the output may have seen enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await run(process.argv.slice(2), {
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
  columns: process.stdout.columns ?? (Number(process.env.COLUMNS) || undefined),
  now: Date.now,
});
