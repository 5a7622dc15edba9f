import { TAG } from '@serverless-gitlab-runner/fleet';
import { usd } from '../../page/format.js';
import { type Clients, createClients } from '../clients.ts';
import { csvLine } from '../csv.ts';
import { findInstallation } from '../installation.ts';
import { plainTable, shorten } from '../plain-table.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { wrap } from '../wrap.ts';
import { CUT } from './cut-notice.ts';
import { readRuns } from './read-runs.ts';
import { type CostKey, type Costs, sumCosts } from './sum-costs.ts';

interface CostOptions {
  days: number;
  by: CostKey;
  csv: boolean;
  json: boolean;
}

/** Tags of tasks that AWS can split its bill by. */
const BILLING_TAGS = [TAG.fleet, TAG.role, TAG.projectId, TAG.jobId];

/** `sgr cost`. */
export async function printCost(
  { days, by, csv, json }: CostOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<void> {
  const installation = await findInstallation(clients.cloudFormation);
  const runs = await readRuns(clients.logs, installation, terminal.now() - days * 86_400_000);
  const costs = sumCosts(runs, by);
  if (runs.isCut) terminal.printError(CUT);
  if (json)
    return terminal.print(
      JSON.stringify(
        {
          ...{ by, days, ...costs, monthUsd: monthOf(costs.total.costUsd, days) },
          billingTags: BILLING_TAGS,
        },
        undefined,
        2,
      ),
    );
  const lines = csv
    ? csvOf(costs, by)
    : renderCosts(costs, { by, days }, terminal.columns ?? DEFAULT_COLUMNS);
  for (const line of lines) terminal.print(line);
}

function csvOf({ rows }: Costs, by: CostKey): string[] {
  return [
    csvLine([by, 'tasks', 'hours', 'cost_usd']),
    ...rows.map(({ name, tasks, hours, costUsd }) => csvLine([name, tasks, hours, costUsd])),
  ];
}

/** Of 30 days, if they are like the last ones. */
function monthOf(costUsd: number, days: number): number {
  return (costUsd / days) * 30;
}

/** Characters of a row besides the name. */
const FIXED_COLUMNS = 34;

/** Renders costs as lines of at most `columns` characters, at 80 or more. */
export function renderCosts(
  { rows, total }: Costs,
  { by, days }: { by: CostKey; days: number },
  columns: number,
): string[] {
  const row = (name: string, tasks: number, hours: number, costUsd: number) => [
    shorten(name, columns - FIXED_COLUMNS),
    `${tasks}`,
    hours.toFixed(1),
    usd(costUsd),
  ];
  const table = plainTable(
    [by, 'tasks', 'hours', 'about'],
    [
      ...rows.map(({ name, tasks, hours, costUsd }) => row(name, tasks, hours, costUsd)),
      row('total', total.tasks, total.hours, total.costUsd),
    ],
    [1, 2, 3],
  );
  return [
    `Tasks of jobs that ended within ${days} d:`,
    '',
    ...(rows.length === 0 ? ['none'] : table),
    '',
    ...(total.costUsd > 0 ? [`30 days like these: about ${usd(monthOf(total.costUsd, days))}`, ''] : []),
    ...wrap(
      'These are the estimates of the events JobTaskFinished and AheadTaskStopped: list prices, Spot at its usual discount. Managers, Lambdas, logs and traffic are additional.',
      columns,
    ),
    ...wrap(
      `AWS's own bill can be split in Cost Explorer, once these tags are activated in Billing → Cost allocation tags: ${BILLING_TAGS.join(', ')}`,
      columns,
    ),
  ];
}
