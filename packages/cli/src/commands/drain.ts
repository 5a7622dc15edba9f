import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

const HELP = `
Managers that are drained take no new jobs, finish those they have, and end. Jobs that are queued then get new managers, with the
newest image and settings. To stop jobs from running at all, pause the runner in GitLab.

Examples:
  sgr drain
  sgr drain --fleet large --wait`;

export function addDrain(program: Command, { terminal }: CommandContext): void {
  program
    .command('drain')
    .description('lets the managers finish their jobs and end; new jobs get new managers')
    .option('--fleet <name>', 'only this fleet')
    .option('--wait', 'waits until they have ended', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: { fleet?: string; wait: boolean; json: boolean }) => {
      const { printDrain } = await import('../drain/print-drain.ts');
      await printDrain(options, terminal);
    });
}
