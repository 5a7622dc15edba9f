import type { Command } from 'commander';
import { type CommandContext, positiveNumber } from './command-context.ts';

const HELP = `
Each row is a task that ran a job: when it started, how long the job waited for it (from its webhook), how long the task existed,
and what it cost. It is read from the logs, which are kept for two weeks.

Examples:
  sgr jobs
  sgr jobs --hours 48 --project team/app
  sgr jobs --hours 168 --csv > jobs.csv`;

export function addJobs(program: Command, { terminal }: CommandContext): void {
  program
    .command('jobs')
    .description('lists what ran: how long jobs waited and ran, and what they cost')
    .option('--hours <number>', 'how far back logs are read', positiveNumber, 24)
    .option('--project <path>', 'only this project, by path or id')
    .option('--csv', 'prints CSV', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: { hours: number; project?: string; csv: boolean; json: boolean }) => {
      const { printJobs } = await import('../jobs/print-jobs.ts');
      await printJobs(options, terminal);
    });
}
