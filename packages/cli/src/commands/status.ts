import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

export function addStatus(program: Command, { terminal }: CommandContext): void {
  program
    .command('status')
    .description('shows fleets, managers, jobs in flight, the queue, and dead letters')
    .option('--json', 'prints JSON', false)
    .action(async (options: { json: boolean }) => {
      const { printStatus } = await import('../status/print-status.ts');
      await printStatus(options, terminal);
    });
}
