import type { Command } from 'commander';
import type { JobArgument } from '../why/job-argument.ts';
import { type CommandContext, positiveNumber } from './command-context.ts';
import { jobArgument } from './job-argument.ts';

const HELP = `
Joins the lines about a job of webhook-receiver, runner-launcher, idle-reaper, its manager and its task's helper, by time. What the
job itself prints is in GitLab. --follow ends when the job's task has ended; --json prints one object a line.

Examples:
  sgr logs 4711
  sgr logs https://gitlab.example.com/team/app/-/jobs/4711 --follow`;

interface Options {
  hours: number;
  follow: boolean;
  json: boolean;
}

export function addLogs(program: Command, { terminal }: CommandContext): void {
  program
    .command('logs')
    .description('prints what the parts of the installation logged about a job')
    .argument('<job>', "the job's number, or the URL of its page", jobArgument)
    .option('--hours <number>', 'how far back logs are searched', positiveNumber, 24)
    .option('-f, --follow', 'prints new lines until the task has ended', false)
    .option('--json', 'prints JSON lines', false)
    .addHelpText('after', HELP)
    .action(async (job: JobArgument, options: Options) => {
      const { printLogs } = await import('../logs/print-logs.ts');
      await printLogs({ job, ...options }, terminal);
    });
}
