import { type Command, Option } from 'commander';
import type { RedriveQueue } from '../redrive/print-redrive.ts';
import type { CommandContext } from './command-context.ts';

const HELP = `
Run it once the cause is fixed (sgr doctor names it). SQS moves the launcher's messages back into its queue. idle-reaper is invoked
with each of its messages, which is then deleted; one for which it fails stays, and the exit code is 1.

Examples:
  sgr redrive --list
  sgr redrive
  sgr redrive --queue launcher`;

export function addRedrive(program: Command, { terminal, fail }: CommandContext): void {
  program
    .command('redrive')
    .description('retries the messages of the dead-letter queues')
    .addOption(new Option('--queue <name>', 'only this queue').choices(['launcher', 'reaper']))
    .option('--list', 'counts the messages, and changes nothing', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: { queue?: RedriveQueue; list: boolean; json: boolean }) => {
      const { printRedrive } = await import('../redrive/print-redrive.ts');
      if (!(await printRedrive(options, terminal))) fail();
    });
}
