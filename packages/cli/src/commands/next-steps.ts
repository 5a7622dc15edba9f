import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

export function addNextSteps(program: Command, { terminal }: CommandContext): void {
  program
    .command('next-steps')
    .description("prints each fleet's webhook URL, the commands that store its secrets, and how to test it")
    .option('--json', 'prints JSON', false)
    .action(async (options: { json: boolean }) => {
      const { printNextSteps } = await import('../next-steps/print-next-steps.ts');
      await printNextSteps(options, terminal);
    });
}
