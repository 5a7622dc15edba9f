import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { NotInstalledError } from './not-installed-error.ts';
import { DEFAULT_COLUMNS, type Terminal } from './terminal.ts';
import { type JobArgument, readJobArgument } from './why/job-argument.ts';

/** Exit codes, also in the help. */
const FAILED = 1;
const USAGE = 2;

const EXIT_CODES = `
Exit codes: 0 done, ${FAILED} failed (of doctor: something is broken), ${USAGE} wrong usage. Choose account and region with AWS_PROFILE and AWS_REGION.`;

const WHY_EXAMPLES = `
JOB is the number in the URL of the job's page in GitLab. With GITLAB_TOKEN in the environment (scope read_api), GitLab is asked
as well: whether the job is queued, and with the role of a Maintainer, which runners of its project take it. The token is sent
only to the GitLab of a fleet.

Examples:
  sgr why 4711
  sgr why https://gitlab.example.com/team/app/-/jobs/4711
  sgr why 4711 --json | jq .advice`;

const DOCTOR_HELP = `
Exit code 1 if something is broken; a warning may be intended. README.md lists all checks. --project needs GITLAB_TOKEN in the
environment (scope read_api, of a Maintainer).

Examples:
  sgr doctor
  sgr doctor --project team/app`;

/** Runs one command line and returns its exit code. Commands are loaded when they run, so that help appears at once. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let code = 0;
    const program = programFor(terminal, () => {
      code = FAILED;
    });
    await program.parseAsync([...args], { from: 'user' });
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

/** @param fail called by a command that ran, and found something wrong */
function programFor(terminal: Terminal, fail: () => void): Command {
  const program = new Command('sgr')
    .description(
      'What serverless-gitlab-runner runs in this AWS account and region, and why a job waits. Changes nothing.',
    )
    .addHelpText('after', EXIT_CODES)
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
      getOutHelpWidth: () => terminal.columns ?? DEFAULT_COLUMNS,
    })
    .showSuggestionAfterError()
    .exitOverride();
  program
    .command('why')
    .description('explains what a job waits for, since when, and what to do')
    .argument('<job>', "the job's number, or the URL of its page", jobArgument)
    .option('--json', 'prints JSON', false)
    .option('--hours <number>', 'how far back logs are searched', positiveNumber, 24)
    .addHelpText('after', WHY_EXAMPLES)
    .action(async (job: JobArgument, options: { json: boolean; hours: number }) => {
      const { printWhy } = await import('./why/print-why.ts');
      await printWhy({ job, ...options, gitlabToken: gitlabToken() }, terminal);
    });
  program
    .command('doctor')
    .description(
      "walks a job's way from GitLab's webhook to its task, and names what is broken and what mends it",
    )
    .option('--json', 'prints JSON', false)
    .option('--hours <number>', 'how far back webhooks are searched', positiveNumber, 24)
    .option('--project <path>', 'also asks GitLab for the webhooks, runners and waiting jobs of a project')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options: { json: boolean; hours: number; project?: string }) => {
      const { printDoctor } = await import('./doctor/print-doctor.ts');
      if (!(await printDoctor({ ...options, gitlabToken: gitlabToken() }, terminal))) fail();
    });
  program
    .command('status')
    .description('shows fleets, managers, jobs in flight, the queue, and dead letters')
    .option('--json', 'prints JSON', false)
    .action(async (options: { json: boolean }) => {
      const { printStatus } = await import('./status/print-status.ts');
      await printStatus(options, terminal);
    });
  return program;
}

function jobArgument(text: string): JobArgument {
  const job = readJobArgument(text);
  if (job === undefined)
    throw new InvalidArgumentError("Write the job's number, such as 4711, or the URL of its page.");
  return job;
}

/** A token for GitLab's API. It is neither an option, which others could read in the list of processes, nor stored. */
function gitlabToken(): string | undefined {
  return process.env.GITLAB_TOKEN || undefined;
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('Write a positive number.');
  return number;
}
