import { type Command, Option } from 'commander';
import type { CostKey } from '../jobs/sum-costs.ts';
import { type CommandContext, positiveNumber } from './command-context.ts';

const HELP = `
Sums the estimated costs of the jobs' tasks, as the events on the bus have them. The logs are kept for two weeks.

Examples:
  sgr cost
  sgr cost --days 14 --by branch
  sgr cost --by job --csv > cost.csv`;

interface Options {
  days: number;
  by: CostKey;
  csv: boolean;
  json: boolean;
}

export function addCost(program: Command, { terminal }: CommandContext): void {
  program
    .command('cost')
    .description("sums what the jobs' tasks cost")
    .option('--days <number>', 'how far back logs are read', positiveNumber, 7)
    .addOption(
      new Option('--by <key>', 'what is summed')
        .choices(['project', 'branch', 'job', 'fleet'])
        .default('project'),
    )
    .option('--csv', 'prints CSV', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const { printCost } = await import('../jobs/print-cost.ts');
      await printCost(options, terminal);
    });
}
