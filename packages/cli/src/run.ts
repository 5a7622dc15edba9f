import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { CommandContext } from './commands/command-context.ts';
import { addCompletion } from './commands/completion.ts';
import { addCost } from './commands/cost.ts';
import { addDestroy } from './commands/destroy.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrain } from './commands/drain.ts';
import { addFleet } from './commands/fleet.ts';
import { addInit } from './commands/init.ts';
import { addJobs } from './commands/jobs.ts';
import { addLogs } from './commands/logs.ts';
import { addNextSteps } from './commands/next-steps.ts';
import { addRedrive } from './commands/redrive.ts';
import { addRotate } from './commands/rotate.ts';
import { addStatus } from './commands/status.ts';
import { addUi } from './commands/ui.ts';
import { addWhy } from './commands/why.ts';
import { OperationError, UsageError } from './operation-error.ts';
import { DEFAULT_COLUMNS, type Terminal } from './terminal.ts';
import { wrapHelp } from './wrap-help.ts';

/** Exit codes, also in the help. */
const FAILED = 1;
const USAGE = 2;

const EXIT_CODES = `
Exit codes: 0 done, ${FAILED} failed (of doctor: something is broken), ${USAGE} wrong usage. Choose account and region with AWS_PROFILE and AWS_REGION.`;

/** In the order of the help. Each loads its code when it runs, so that help appears at once. */
const COMMANDS = [
  addInit,
  addWhy,
  addDoctor,
  addStatus,
  addUi,
  addLogs,
  addJobs,
  addCost,
  addFleet,
  addNextSteps,
  addRedrive,
  addDrain,
  addRotate,
  addDestroy,
];

/** Runs one command line and returns its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let code = 0;
    const fail = () => {
      code = FAILED;
    };
    await createProgram({ terminal, fail }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const explanation = await explain(error);
    if (explanation === undefined) throw error;
    terminal.printError(explanation);
    return error instanceof UsageError ? USAGE : FAILED;
  }
}

async function explain(error: unknown): Promise<string | undefined> {
  if (error instanceof OperationError) return error.message;
  // Ctrl-C at a question.
  if (error instanceof Error && error.name === 'ExitPromptError') return 'Nothing was changed.';
  const { explainFailure } = await import('@serverless-gitlab-runner/aws/calls');
  return explainFailure(error);
}

/** Defines the command line: its commands, options and help. */
export function createProgram(context: CommandContext): Command {
  const program = describeProgram(context);
  addCompletion(program, () => describeProgram(context));
  return program;
}

function describeProgram(context: CommandContext): Command {
  const { terminal } = context;
  const columns = terminal.columns ?? DEFAULT_COLUMNS;
  const program = new Command('sgr')
    .description(
      'Operates serverless-gitlab-runner in this AWS account and region: why a job waits, what runs, what it costs.',
    )
    .version(manifest.version)
    .addHelpText('after', EXIT_CODES)
    .configureOutput({
      writeOut: (text) => terminal.print(wrapHelp(text.trimEnd(), columns)),
      writeErr: (text) => terminal.printError(text.trimEnd()),
      getOutHelpWidth: () => columns,
    })
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of COMMANDS) add(program, context);
  return program;
}
