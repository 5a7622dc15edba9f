import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listRuns, sweep } from '@serverless-gitlab-runner/aws-emulator';
import {
  buildPackages,
  type Cleanup,
  ensureDockerDaemon,
  logToStderr,
  REPOSITORY_ROOT,
  runAttached,
  step,
} from '@serverless-gitlab-runner/machine';
import * as z from 'zod';
import type { CommandContext } from './command.ts';
import { needsOf } from './test-needs.ts';

const resultsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  numFailedTestSuites: z.int(),
});

/**
 * `npm test`: runs vitest and prints a line `N passed, N failed`. A test that did not run counts as failed. Builds bundles
 * and starts Docker only if a chosen test needs them.
 */
export async function runTests({ args, cleanup, signal }: CommandContext): Promise<number> {
  const needs = await needsOf(args);
  if (needs.docker) await prepareDocker(cleanup, signal);
  if (needs.bundles) await buildPackages(logToStderr);

  const report = join(REPOSITORY_ROOT, 'reports/tests.json');
  mkdirSync(join(REPOSITORY_ROOT, 'reports'), { recursive: true });
  rmSync(report, { force: true });
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await runAttached(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: REPOSITORY_ROOT,
    signal,
  });
  if (!existsSync(report)) return code === 0 ? 1 : code;
  return summarize(report, code);
}

async function prepareDocker(cleanup: Cleanup, signal: AbortSignal): Promise<void> {
  const daemon = await step(logToStderr, 'Docker', ensureDockerDaemon);
  cleanup.add('the Docker daemon', () => daemon.stop());
  const runsBefore = await listRuns();
  cleanup.add('containers that the tests started', async () => {
    // Tests clean up after themselves unless they are interrupted.
    if (signal.aborted) await sweepRunsSince(runsBefore);
  });
}

async function sweepRunsSince(before: readonly string[]): Promise<void> {
  const left = (await listRuns()).filter((run) => !before.includes(run));
  await Promise.all(left.map((run) => sweep(run)));
}

function summarize(report: string, vitestCode: number): number {
  const results = resultsSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
  const failed = results.numFailedTests + results.numPendingTests + results.numTodoTests;
  console.log(`${results.numPassedTests} passed, ${failed} failed`);
  return failed === 0 && results.numFailedTestSuites === 0 ? vitestCode : 1;
}
