/** The sandbox's commands; `scripts/run.mjs` at the root starts them with everything installed and built. */

import { DeployError } from '@serverless-gitlab-runner/infra';
import {
  BaseImageUnavailableError,
  Cleanup,
  CommandFailedError,
  DockerUnavailableError,
  InterruptedError,
  InvalidEnvironmentError,
  interruptSignal,
  logToStderr,
  unlessInterrupted,
} from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import type { Command } from './command.ts';
import { MissingRunnerBinaryError } from './images/runner-base-image.ts';
import { runTests } from './run-tests.ts';
import { runConformance } from './suites/conformance/run-conformance.ts';
import { runDemo } from './suites/demo/run-demo.ts';
import { runFaults } from './suites/faults/run-faults.ts';
import { followLogs } from './system/follow-logs.ts';
import { runSandbox } from './system/run-sandbox.ts';

const HELP = `Usage: npm run demo
       npm run sandbox [-- logs]
       npm run faults [-- --list | -- --once NAME …]
       npm run conformance [-- NAME … | -- --list]
       npm test [-- FILTER …]

  demo           the main job on this machine; writes reports/demo.json
  sandbox        the system left running for your own GitLab, until Ctrl-C
  sandbox logs   follows the logs of managers and job tasks of a running sandbox
  faults         the system under every kind of bad luck, or those named; writes reports/faults.json
  conformance    jobs as people write them, from real .gitlab-ci.yml files; all, or those with NAME in keyword or
                 case; writes reports/conformance.json and, of all cases, docs/conformance.md
  test           all tests, or those whose path contains FILTER

Variables:
  SANDBOX_GITLAB_URL      base URL of your GitLab, reachable from containers (sandbox)
  SANDBOX_RUNNER_TOKEN    authentication token (glrt-…) of a runner there (sandbox)
  GITLAB_RUNNER_BIN       a gitlab-runner binary for manager and helper images
                          (default: the official image where it can be pulled, else the runner double)
  SANDBOX_RUNNER_IMAGE    an image with gitlab-runner and apt-get to stand on instead
  SANDBOX_EMULATOR_IMAGE  image of the AWS emulator (default: built from testing/aws-emulator/image)
  SANDBOX_IMAGE_TAG       tag of the images built here; two checkouts on one machine need two (default: local)
`;

/** Their message says what to do; a stack would only hide it. */
const EXPECTED_ERRORS = [
  BaseImageUnavailableError,
  CommandFailedError,
  DeployError,
  DockerUnavailableError,
  InvalidEnvironmentError,
  MissingRunnerBinaryError,
];

const commands: Record<string, Command> = {
  conformance: runConformance,
  demo: runDemo,
  faults: runFaults,
  sandbox: (context) => (context.args[0] === 'logs' ? followLogs(context) : runSandbox(context)),
  test: runTests,
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (!command || args.includes('--help') || args.includes('-h')) {
  console.log(HELP);
  process.exit(command ? 0 : 2);
}

const cleanup = new Cleanup(logToStderr);
const signal = interruptSignal();
let exitCode: number;
try {
  exitCode = await unlessInterrupted(signal, command({ args, cleanup, signal }));
} catch (error) {
  exitCode = explain(error);
}
await cleanup.run();
process.exit(exitCode);

/** Tells an error as its reader needs it: expected ones by their sentence, others with their stack. */
function explain(error: unknown): number {
  if (error instanceof InterruptedError) {
    logToStderr(pc.yellow(`${error.message}: cleaning up`));
    return error.exitCode;
  }
  const expected = EXPECTED_ERRORS.some((kind) => error instanceof kind);
  const text =
    error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
  logToStderr(pc.red(text));
  return 1;
}
