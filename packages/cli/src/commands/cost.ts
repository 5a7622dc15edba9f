import { type Command, Option } from 'commander';
import type { CostKey } from '../jobs/sum-costs.ts';
import { type CommandContext, positiveNumber } from './command-context.ts';

const HELP = `
Sums the estimated costs of the jobs' tasks, as the events on the bus have them. The logs are kept for two weeks.

With --forecast, the jobs of these days are replayed in a simulation with the real decisions of launcher, reaper and forecast:
what a month costs and how long pipelines wait, with each fleet's settings of today and with ahead.start changed, beside what
was measured. A fleet needs 50 jobs in 20 pipelines. It changes nothing.

Examples:
  sgr cost
  sgr cost --days 14 --by branch
  sgr cost --by job --csv > cost.csv
  sgr cost --forecast --days 14`;

interface Options {
  days: number;
  by: CostKey;
  forecast: boolean;
  csv: boolean;
  json: boolean;
}

export function addCost(program: Command, { terminal }: CommandContext): void {
  program
    .command('cost')
    .description("sums what the jobs' tasks cost, or forecasts a month")
    .option('--days <number>', 'how far back logs are read', positiveNumber, 7)
    .addOption(
      new Option('--by <key>', 'what is summed')
        .choices(['project', 'branch', 'job', 'fleet'])
        .default('project'),
    )
    .addOption(
      new Option('--forecast', 'forecasts cost and waiting time of a month')
        .default(false)
        .conflicts(['csv', 'by']),
    )
    .option('--csv', 'prints CSV', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      if (options.forecast) {
        const { printForecast } = await import('../forecast/print-forecast.ts');
        return printForecast(options, terminal);
      }
      const { printCost } = await import('../jobs/print-cost.ts');
      await printCost(options, terminal);
    });
}
