import type { Command } from 'commander';
import type { JobArgument } from '../why/job-argument.ts';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';
import { jobArgument } from './job-argument.ts';

const HELP = `
JOB is the number in the URL of the job's page in GitLab. With GITLAB_TOKEN in the environment (scope read_api), GitLab is asked
as well: whether the job is queued, and with the role of a Maintainer, which runners of its project take it. The token is sent
only to the GitLab of a fleet.

Examples:
  sgr why 4711
  sgr why https://gitlab.example.com/team/app/-/jobs/4711
  sgr why 4711 --json | jq .advice`;

export function addWhy(program: Command, { terminal }: CommandContext): void {
  program
    .command('why')
    .description('explains what a job waits for, since when, and what to do')
    .argument('<job>', "the job's number, or the URL of its page", jobArgument)
    .option('--json', 'prints JSON', false)
    .option('--hours <number>', 'how far back logs are searched', positiveNumber, 24)
    .addHelpText('after', HELP)
    .action(async (job: JobArgument, options: { json: boolean; hours: number }) => {
      const { printWhy } = await import('../why/print-why.ts');
      await printWhy({ job, ...options, gitlabToken: gitlabToken() }, terminal);
    });
}
