/** The sandbox's commands. `scripts/run.mjs` at the root starts them after it has checked arguments and installed packages. */
import {
  Cleanup,
  InterruptedError,
  interruptSignal,
  logToStderr,
  unlessInterrupted,
} from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import type { Command } from './command.ts';

/** Names of errors whose message says what to do. They are printed without a stack trace. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set([
  'BaseImageUnavailableError',
  'CommandFailedError',
  'DeployError',
  'DockerUnavailableError',
  'InvalidEnvironmentError',
  'MissingRunnerBinaryError',
  'UsageError',
]);

/** Loaded on demand: tests without containers need not wait for the CDK library. */
const commands: Record<string, () => Promise<Command>> = {
  bench: async () => (await import('./suites/bench/run-bench.ts')).runBench,
  conformance: async () => (await import('./suites/conformance/run-conformance.ts')).runConformance,
  demo: async () => (await import('./suites/demo/run-demo.ts')).runDemo,
  faults: async () => (await import('./suites/faults/run-faults.ts')).runFaults,
  sandbox: async () => (await import('./system/run-sandbox.ts')).runSandbox,
  test: async () => (await import('./run-tests.ts')).runTests,
};

const [name = '', ...args] = process.argv.slice(2);
const load = commands[name];
if (!load) {
  console.error(`Usage: node main.ts ${Object.keys(commands).join('|')} [ARGUMENT …]`);
  process.exit(2);
}

const cleanup = new Cleanup(logToStderr);
const signal = interruptSignal();
let exitCode: number;
try {
  const command = await load();
  exitCode = await unlessInterrupted(signal, command({ args, cleanup, signal }));
} catch (error) {
  exitCode = explain(error);
}
await cleanup.run();
process.exit(exitCode);

/** Prints an error and returns the exit code: expected errors by their message, others with their stack trace. */
function explain(error: unknown): number {
  if (error instanceof InterruptedError) {
    logToStderr(pc.yellow(`${error.message}: cleaning up`));
    return error.exitCode;
  }
  if (!(error instanceof Error)) {
    logToStderr(pc.red(String(error)));
    return 1;
  }
  const isExpected = EXPECTED_ERRORS.has(error.name);
  logToStderr(pc.red(isExpected ? error.message : (error.stack ?? error.message)));
  return error.name === 'UsageError' ? 2 : 1;
}
