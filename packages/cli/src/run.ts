import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { CommandContext } from './commands/command-context.ts';
import { addDoctor } from './commands/doctor.ts';
import { addStatus } from './commands/status.ts';
import { addWhy } from './commands/why.ts';
import { NotInstalledError } from './not-installed-error.ts';
import { DEFAULT_COLUMNS, type Terminal } from './terminal.ts';

/** Exit codes, also in the help. */
const FAILED = 1;
const USAGE = 2;

const EXIT_CODES = `
Exit codes: 0 done, ${FAILED} failed (of doctor: something is broken), ${USAGE} wrong usage. Choose account and region with AWS_PROFILE and AWS_REGION.`;

/** In the order of the help. Each loads its code when it runs, so that help appears at once. */
const COMMANDS = [addWhy, addDoctor, addStatus];

/** Runs one command line and returns its exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let code = 0;
    const fail = () => {
      code = FAILED;
    };
    await programFor({ terminal, fail }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const explanation = error instanceof NotInstalledError ? error.message : await explain(error);
    if (explanation === undefined) throw error;
    terminal.printError(explanation);
    return FAILED;
  }
}

async function explain(error: unknown): Promise<string | undefined> {
  const { explainFailure } = await import('@serverless-gitlab-runner/aws/calls');
  return explainFailure(error);
}

function programFor(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('sgr')
    .description(
      'What serverless-gitlab-runner runs in this AWS account and region, and why a job waits. Changes nothing.',
    )
    .version(manifest.version)
    .addHelpText('after', EXIT_CODES)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns ?? DEFAULT_COLUMNS,
    })
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of COMMANDS) add(program, context);
  return program;
}
