import { type IdleItem, idleMonth, totalOf } from './idle-month.ts';
import {
  aroundJobUsd,
  dayUsd,
  JOBS_A_DAY,
  jobTaskUsd,
  MINUTES,
  managerOverheadMinutes,
  managerUsd,
  metricsMonthUsd,
  SIZES,
  WORKING_HOURS,
} from './job-costs.ts';
import { ASSUMED, FREE, PRICES } from './prices.ts';

const WORKING_DAYS = 21;

/** `docs/cost.md`, from the templates that the app synthesises with its defaults, and the prices in code. */
export function renderCostPage(): string {
  const items = idleMonth();
  const total = totalOf(items);
  return `# What it costs

\`npm run cost -w packages/infra\` writes this page from the templates that CDK synthesises with the defaults, and from
the prices in \`packages/infra/src/spending/prices.ts\`, which names their sources. A test fails if the page is out of
date, if a template has a resource without a price here, or if an idle month costs $0.10 or more within the free tiers.
Prices are those of us-east-1 in USD. [spending.md](spending.md) lists the maximum that one person can make it cost.

## A month without jobs

| item | usage | free in every account | USD, within the free tiers | USD, if they are used up |
|---|---:|---:|---:|---:|
${items.map(idleRow).join('\n')}
| **together** | | | **${cents(total.usd)}** | **${cents(total.usdBeyondFree)}** |

The free tiers are those without an end, and shared by everything in the account:

- **Alarms**: ${FREE.alarms} are free, and the installation has ${alarmsOf(items)}. Each further fleet adds one, a cache another; any alarm beyond
  the account's ${FREE.alarms} costs $${cents(PRICES.alarmMonth)}.
- **Dashboard**: ${FREE.dashboards} are free. In an account that has ${FREE.dashboards} already it costs $${cents(PRICES.dashboardMonth)}: leave it out with \`dashboard: false\`.
- **Custom metrics**: ${FREE.metrics} are free; a further one costs $${cents(PRICES.metricMonth)} for a whole month, and is billed only for hours in which
  it has a value. None has one while nothing happens. Metric filters and saved queries are free; running a query costs
  $0.005 for each GB it reads, beyond the free ${FREE.loggedGb} GB.
- **Images** are the only item without a free tier (but 500 MB in an account's first year). Name images in a
  registry of your own (\`runnerImage\`, \`jobBaseImage\`), and it costs nothing. ECR keeps those of earlier
  deployments: \`npx cdk gc --unstable=gc\` removes them.
- Nothing else in the templates costs anything while nothing happens: network without NAT gateway, cluster, bus,
  queues, roles, log groups, standard parameters.

## A job of ${MINUTES} minutes

The task is billed from the pull of its images to its end, at least one minute, with its public IPv4 address.

| vCPU | GiB | USD, on demand | USD, Spot (some 70 % off) |
|---:|---:|---:|---:|
${SIZES.map((size) => `| ${size.cpu / 1024} | ${size.memory / 1024} | ${fine(jobTaskUsd(size).onDemand)} | ${fine(jobTaskUsd(size).spot)} |`).join('\n')}

Webhooks, events, queue, Lambdas and logs add $${aroundJobUsd().toFixed(6)} to each job, without free tiers. The manager costs
$${fine(managerUsd(60))} an hour, whatever the number of its jobs; for a single job it runs ${managerOverheadMinutes()} minutes longer than the job, which
costs $${fine(managerUsd(MINUTES + managerOverheadMinutes()))}.

## A day of ${JOBS_A_DAY} such jobs

They arrive evenly within ${WORKING_HOURS} hours, on demand. "Always on" is the same with a manager that never stops; job tasks
still start for each job.

| vCPU | GiB | USD, jobs alone | USD, from zero | USD, always on |
|---:|---:|---:|---:|---:|
${SIZES.map(dayRow).join('\n')}

On a day without jobs, from zero costs nothing beyond the first table, and always on $${cents(managerUsd(24 * 60))}: $${cents(managerUsd(24 * 60 * 30))} in a month.
In a month with ${WORKING_DAYS} such days, the ${ASSUMED.metricsOfBusyHour} metrics that then have values cost $${cents(metricsMonthUsd(WORKING_DAYS))} if the free ${FREE.metrics} are used up.

## Assumptions

A sweep of idle-reaper takes ${ASSUMED.sweepSeconds} s and logs ${ASSUMED.loggedKibPerSweep} KiB. Lambda polls the empty queue ${ASSUMED.pollsPerMinute} times a minute.
The images have ${ASSUMED.imagesGb} GB. A job logs ${ASSUMED.loggedKibPerJob} KiB, a webhook ${ASSUMED.loggedKibPerWebhook} KiB and takes ${ASSUMED.lambdaSecondsPerWebhook} s of Lambda.
A manager takes ${ASSUMED.managerStartMinutes} minute to start. A month has 730 hours. Not included: traffic to the internet, caches on S3,
ECR pull-through caches, a VPC of your own.
`;
}

function idleRow({ what, usage, free, usd, usdBeyondFree }: IdleItem): string {
  return `| ${what} | ${usage} | ${free ?? 'nothing'} | ${cents(usd)} | ${cents(usdBeyondFree)} |`;
}

function dayRow(size: (typeof SIZES)[number]): string {
  const { jobs, fromZero, alwaysOn } = dayUsd(size);
  return `| ${size.cpu / 1024} | ${size.memory / 1024} | ${cents(jobs)} | ${cents(fromZero)} | ${cents(alwaysOn)} |`;
}

function alarmsOf(items: readonly IdleItem[]): string {
  return items.find(({ what }) => what === 'alarms')?.usage ?? '0';
}

/** With three digits after the point if there are fewer than ten cents. */
function cents(usd: number): string {
  return usd > 0 && usd < 0.1 ? usd.toFixed(3) : usd.toFixed(2);
}

function fine(usd: number): string {
  return usd.toFixed(4);
}
