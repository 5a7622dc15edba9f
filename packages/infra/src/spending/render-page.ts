import { ASSUMED, PRICES } from './prices.ts';
import { type Cause, worstDay } from './worst-day.ts';

/** `docs/spending.md`, from the defaults and prices in code. */
export function renderSpendingPage(): string {
  const { bounded, unbounded, totalUsd } = worstDay();
  return `# What one person with push access can make the account spend in a day

A person who may push to one project whose jobs the fleet takes decides what runs, how large, how often, and what it sends. This
page lists the maximum cost by cause, with the defaults of a fleet and of the app. \`npm run spending -w packages/infra\` writes it
from the defaults and prices in the code, and a test fails if they differ. Prices are those of us-east-1, without free tiers.

## Bounded by settings

| cause | bounded by | USD a day |
|---|---|---:|
${rows(bounded)}
| **together** | | **${dollars(totalUsd)}** |

A second fleet has its own limits, and its costs are additional. With Spot (\`job.capacity\`) the first two rows are some 70 % lower.
AWS has a limit too: the account's quota "Fargate On-Demand vCPU resource count", which is 6 in a new account.

Tasks started ahead (\`ahead.start\`, off by default) that no job claims: at most \`ahead.maxVcpu\` at a time in each manager, ten
minutes each. A job name of which more than four of the last ten tasks were unclaimed gets none for a day.

## Not bounded by settings

| cause | only controls | USD a day |
|---|---|---:|
${rows(unbounded)}

- **Data sent to the internet** cannot be limited here: a job may reach whatever its security group allows, which is everything, and
  AWS bills by the GB (${PRICES.transferOutGb[0].usd} USD, less for large volumes). Give the fleet a \`network\` whose security groups, firewall or proxy allow
  only what jobs need. Behind a NAT gateway each GB costs ${PRICES.natGb} USD more, in both directions. Data to and from S3 in
  the same region is free with a gateway endpoint, which costs nothing.
- **Caches** have a maximum age (\`expireDays\`), and a maximum size that GitLab Runner's \`cache-archiver\` enforces in the helper. A job
  that takes over its helper can store 5 GB behind each URL, because S3's signed PUTs have no length limit. A bucket is billed by the hour:
  objects deleted when its alarm goes off have cost only the days they existed. A fleet without caches sets \`cache: false\`.
- **\`job.shipServiceOutput: true\`** sends the output of services to CloudWatch, at ${PRICES.loggedGb} USD a GB: a service that prints 100 MB/s
  costs ${dollars((100 * 86_400 * PRICES.loggedGb) / 1000)} USD a day. Leave it off if the people with push access are not trusted with that.
- **\`job.taskRoleArn\`**: every job may do in AWS what this role may do. The cost of that is not on this page.
- **Pull-through caches** (\`job.registryMirrors\`) keep every image that a job names, at ECR's 0.10 USD a GB and month: give their
  repositories a lifecycle policy.

## How to reduce it

| setting | effect |
|---|---|
| \`manager.max\`, \`manager.concurrentJobs\` | limit the fleet's concurrent jobs; the whole first table is proportional to them |
| \`job.maxSize\`, \`job.maxEphemeralStorageGib\` | limit what one job may request |
| \`job.maxConcurrentPerProject\`, \`job.maxVcpuPerProject\` | limit the concurrent cost of one project's jobs |
| \`job.maxLifetimeSeconds\` | ends a job that hangs; a malicious pipeline starts another |
| \`job.shipServiceOutput\` | false by default |
| \`cache.maxArchiveMib\`, \`expireDays\` | limit size and age of caches |
| a fleet for each level of trust | a project can use only its own fleet's limits; use protected runners for the expensive fleets |

## How to be notified

The construct creates alarms on the bytes that managers and each fleet's jobs log within an hour (\`loggedMibAlarm\`), and on the size of the
caches' bucket (\`cache.sizeAlarmGib\`; S3 measures once a day). With \`budget\` it creates a monthly AWS budget of the account, which notifies
at 80 % and at 100 % of the amount, and when the forecast exceeds it. None of these stops anything: AWS has no spending limit. To stop
everything at once, pause the runner in GitLab, and stop the cluster's tasks.

## Assumptions

AWS does not publish Fargate's bandwidth: ${ASSUMED.gbitPerTask} Gbit/s per task is a guess, and large tasks may reach more. Each concurrent job of a manager
is followed by the next after ${ASSUMED.shortestJobSeconds} s at the earliest. A job adds ${ASSUMED.loggedKibPerJob} KiB to logs, a webhook ${ASSUMED.loggedKibPerWebhook} KiB and \
${ASSUMED.lambdaSecondsPerWebhook} s of Lambda. GitLab.com delivers ${ASSUMED.webhooksPerMinute} webhooks a minute
on its free plan; a self-managed GitLab may deliver more. All values are in \`packages/infra/src/spending/prices.ts\`.
`;
}

function rows(causes: readonly Cause[]): string {
  return causes.map(({ what, bound, usd }) => `| ${what} | ${bound} | ${dollars(usd)} |`).join('\n');
}

/** With cents only below 100 USD. */
function dollars(usd: number): string {
  const digits = usd < 100 ? 2 : 0;
  return usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
