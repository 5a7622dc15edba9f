import { ASSUMED, PRICES } from './prices.ts';
import { type Cause, worstDay } from './worst-day.ts';

/** `docs/spending.md`, from the defaults and prices in code. */
export function renderSpendingPage(): string {
  const { bounded, unbounded, totalUsd } = worstDay();
  return `# What one person who may push can make the account spend in a day

Whoever may push to one project whose jobs the fleet takes decides what runs, how large, how often, and what it sends. This page is
the most that it can come to, by cause, with the defaults of a fleet and of the app. It is written by \`npm run spending -w packages/infra\`
from the defaults and prices in the code, and a test fails when it is not what they say. Prices are those of us-east-1, without free tiers.

## Bounded by settings

| cause | bounded by | USD a day |
|---|---|---:|
${rows(bounded)}
| **together** | | **${dollars(totalUsd)}** |

A second fleet has limits of its own, and comes on top. With Spot (\`job.capacity\`) the first two rows are some 70 % less. AWS has a limit
too: the quota "Fargate On-Demand vCPU resource count" of the account, 6 where it is new.

## Not bounded by settings

| cause | what there is | USD a day |
|---|---|---:|
${rows(unbounded)}

- **Data sent to the internet** cannot be bounded here: a job may reach what its security group lets it, which is everything, and AWS
  bills by the GB (${PRICES.transferOutGb[0].usd} USD, less for much). Give the fleet a \`network\` whose groups, firewall or proxy let jobs
  reach what they need. Behind a NAT gateway each GB costs ${PRICES.natGb} USD more, in both directions. Data to and from S3 in
  the same region is free with a gateway endpoint, which costs nothing.
- **Caches** have an age (\`expireDays\`), and a size that GitLab Runner's \`cache-archiver\` keeps to, which runs in the helper: a job that
  takes its helper over can put 5 GB behind each URL, since S3's signed PUTs have no limit of length. The bill of a bucket is by the hour: what is
  deleted when its alarm rings has cost its days only. A fleet that should have none says \`cache: false\`.
- **\`job.shipServiceOutput: true\`** sends what services print to CloudWatch, at ${PRICES.loggedGb} USD a GB: a service that prints 100 MB/s
  costs ${dollars((100 * 86_400 * PRICES.loggedGb) / 1000)} USD a day. Leave it off where whoever may push is not trusted with that.
- **What \`job.taskRoleArn\` may do** in AWS, every job may do, and what that costs is not on this page.
- **Pull-through caches** (\`job.registryMirrors\`) keep every image that a job names, at ECR's 0.10 USD a GB and month: give their
  repositories a lifecycle policy.

## How to make it less

| setting | what it does |
|---|---|
| \`manager.max\`, \`manager.concurrentJobs\` | jobs of the fleet at one time: all of the first table goes with them |
| \`job.maxSize\`, \`job.maxEphemeralStorageGib\` | the most that one job may ask for |
| \`job.maxConcurrentPerProject\`, \`job.maxVcpuPerProject\` | bound what one project's jobs cost at one time |
| \`job.maxLifetimeSeconds\` | ends a job that hangs; one that wants to spend starts another |
| \`job.shipServiceOutput\` | false by default |
| \`cache.maxArchiveMib\`, \`expireDays\` | size and age of caches |
| a fleet for each trust | who may push to a project spends its own fleet's limits only; protected runners for the costly ones |

## How to hear of it

The construct makes alarms on the bytes logged within an hour (\`loggedMibAlarm\`) of managers and of each fleet's jobs, and on the size of the
caches' bucket (\`cache.sizeAlarmGib\`; S3 measures once a day). With \`budget\` it makes an AWS budget of the account's month, which tells at 80 % and at
100 % of the amount and when a forecast passes it. None of these stops anything: AWS has no limit on spending. To stop at once, pause the runner at
GitLab, and stop the cluster's tasks.

## What is assumed

AWS publishes no bandwidth of Fargate: ${ASSUMED.gbitPerTask} Gbit/s a task is a guess, and large tasks may reach more. A place in a fleet takes a new job every
${ASSUMED.shortestJobSeconds} s at most. A job adds ${ASSUMED.loggedKibPerJob} KiB to logs, a webhook ${ASSUMED.loggedKibPerWebhook} KiB and \
${ASSUMED.lambdaSecondsPerWebhook} s of Lambda. GitLab.com delivers ${ASSUMED.webhooksPerMinute} webhooks a minute
on its free plan; a GitLab of your own may deliver more. All are in \`packages/infra/src/spending/prices.ts\`.
`;
}

function rows(causes: readonly Cause[]): string {
  return causes.map(({ what, bound, usd }) => `| ${what} | ${bound} | ${dollars(usd)} |`).join('\n');
}

/** Cents where they say something. */
function dollars(usd: number): string {
  const digits = usd < 100 ? 2 : 0;
  return usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
