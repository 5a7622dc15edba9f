import {
  estimateCostUsd,
  type FargateSize,
  fargatePricesOf,
  IPV4_HOUR_USD,
} from '@serverless-gitlab-runner/fleet';
import { readSettings } from '../app-settings.ts';
import { DEFAULT_EXPIRE_DAYS } from '../constructs/job-cache.ts';
import { parseFleet } from '../fleet-props.ts';
import { ASSUMED, LIMITS, PRICES } from './prices.ts';

/** One cause of spending, with its maximum cost in a day. */
export interface Cause {
  what: string;
  /** Settings that limit it, with their values. */
  bound: string;
  usd: number;
}

export interface WorstDay {
  /** Limited by settings. */
  bounded: Cause[];
  /** Limited only by a task's bandwidth. */
  unbounded: Cause[];
  /** Sum of `bounded`. */
  totalUsd: number;
}

const HOURS = 24;
const DAY_SECONDS = 86_400;
const MINUTE_SECONDS = 60;
const HOURS_PER_MONTH = 730;
const DAYS_PER_MONTH = 30;
/** Ephemeral storage included in Fargate's price. */
const INCLUDED_GIB = 20;
const KIB_PER_GB = 1_000_000_000 / 1024;
const GB_PER_MIB = 1024 ** 2 / 1_000_000_000;
/** Job task started and finished, and the events of its webhooks. */
const EVENTS_PER_JOB = 4;
const SQS_REQUESTS_PER_WEBHOOK = 3;
/** Created, read by ECS, deleted. */
const CALLS_PER_SECRET = 3;

/** The maximum that one person with push access can make the account spend in a day, with a default fleet and app. */
export function worstDay(): WorstDay {
  const fleet = parseFleet({ name: 'default', cache: { prefix: 'default' } });
  const app = readSettings(() => undefined);
  const { manager, job } = fleet;
  const tasks = manager.max * manager.concurrentJobs;
  const jobs = tasks * (DAY_SECONDS / ASSUMED.shortestJobSeconds);
  const capacity = `\`manager.max\` (${manager.max}) × \`manager.concurrentJobs\` (${manager.concurrentJobs})`;
  const manyJobs = `${capacity}, each followed by the next after ${ASSUMED.shortestJobSeconds} s`;
  const { cpu, memory } = job.maxSize;
  const bounded: Cause[] = [
    {
      what: `vCPUs and memory of ${tasks} concurrent jobs of ${cpu / 1024} vCPU and ${memory / 1024} GiB, on demand`,
      bound: `${capacity}, \`job.maxSize\``,
      usd: tasks * dayOf(job.maxSize),
    },
    {
      what: `additionally, if these are jobs of ${ASSUMED.shortestJobSeconds} s, each billed as a minute`,
      bound: "Fargate's minimum charge of a minute",
      usd: tasks * dayOf(job.maxSize) * (MINUTE_SECONDS / ASSUMED.shortestJobSeconds - 1),
    },
    {
      what: `disks of ${job.maxEphemeralStorageGib} GiB`,
      bound: `\`job.maxEphemeralStorageGib\` (${job.maxEphemeralStorageGib})`,
      usd: tasks * (job.maxEphemeralStorageGib - INCLUDED_GIB) * HOURS * PRICES.ephemeralGibHour,
    },
    {
      what: 'managers',
      bound: `\`manager.max\`, \`managerCpu\` (${app.managerCpu}), \`managerMemoryMiB\` (${app.managerMemoryMiB})`,
      usd: manager.max * dayOf({ cpu: app.managerCpu, memory: app.managerMemoryMiB }),
    },
    {
      what: 'public IPv4 addresses, in the VPC created by default',
      bound: 'one per task; none in private subnets',
      usd: (tasks + manager.max) * HOURS * IPV4_HOUR_USD,
    },
    {
      what: `logs: ${ASSUMED.loggedKibPerJob} KiB a job, without its own output`,
      bound: `${manyJobs}; \`job.shipServiceOutput\` (false)`,
      usd: ((jobs * ASSUMED.loggedKibPerJob) / KIB_PER_GB) * PRICES.loggedGb,
    },
    {
      what: `registry logins: ${LIMITS.imagesPerJob} secrets a job, each billed for an hour`,
      bound: manyJobs,
      usd: secretsUsd(jobs * LIMITS.imagesPerJob),
    },
    {
      what: `requests to S3: ${LIMITS.cachesPerJob} caches a job`,
      bound: manyJobs,
      usd: ((jobs * LIMITS.cachesPerJob) / 1000) * PRICES.s3ThousandPuts,
    },
    {
      what: `webhooks, ${ASSUMED.webhooksPerMinute} a minute: Lambdas, events, queue, logs`,
      bound: "GitLab's limit, `webhookConcurrency` (none)",
      usd: webhooksUsd() + (jobs * EVENTS_PER_JOB * PRICES.millionEvents) / 1e6,
    },
  ];
  return { bounded, unbounded: unboundedOf(tasks, jobs, fleet), totalUsd: sum(bounded) };
}

function unboundedOf(tasks: number, jobs: number, { cache }: ReturnType<typeof parseFleet>): Cause[] {
  const sentGb = (tasks * ASSUMED.gbitPerTask * DAY_SECONDS) / 8;
  const keptMonths = DEFAULT_EXPIRE_DAYS / DAYS_PER_MONTH;
  const maxArchiveMib = cache === false || cache === undefined ? 0 : cache.maxArchiveMib;
  const archives = jobs * LIMITS.cachesPerJob;
  const inArchivesGb = Math.min(sentGb, archives * maxArchiveMib * GB_PER_MIB);
  const inPutsGb = Math.min(sentGb, archives * LIMITS.gbPerPut);
  return [
    {
      what: `data sent to the internet at ${ASSUMED.gbitPerTask} Gbit/s by each job`,
      bound: 'egress of the job security group, your own `network`',
      usd: transferOutUsd(sentGb),
    },
    {
      what: `caches: new keys all day, kept ${DEFAULT_EXPIRE_DAYS} days, up to the helper's size limit`,
      bound: `\`cache.maxArchiveMib\` (${maxArchiveMib}), \`expireDays\` (${DEFAULT_EXPIRE_DAYS})`,
      usd: inArchivesGb * PRICES.s3GbMonth * keptMonths,
    },
    {
      what: `the same by a job that takes over its helper: ${LIMITS.gbPerPut} GB per URL`,
      bound: `S3's limit for a PUT, \`expireDays\` (${DEFAULT_EXPIRE_DAYS})`,
      usd: inPutsGb * PRICES.s3GbMonth * keptMonths,
    },
  ];
}

function dayOf(size: FargateSize): number {
  const usage = { architecture: 'X86_64', capacityProvider: 'FARGATE', seconds: DAY_SECONDS } as const;
  // Public addresses have a row of their own.
  const { prices } = fargatePricesOf('us-east-1');
  return estimateCostUsd({ ...size, ...usage, prices, hasPublicIp: false });
}

function secretsUsd(secrets: number): number {
  const calls = (secrets * CALLS_PER_SECRET * PRICES.secretTenThousandCalls) / 10_000;
  return calls + (secrets * PRICES.secretMonth) / HOURS_PER_MONTH;
}

function webhooksUsd(): number {
  const webhooks = ASSUMED.webhooksPerMinute * 60 * HOURS;
  const lambda = PRICES.millionLambdaRequests * 2 + PRICES.millionEvents;
  const sqs = PRICES.millionSqsRequests * SQS_REQUESTS_PER_WEBHOOK;
  // 512 MB.
  const seconds = webhooks * ASSUMED.lambdaSecondsPerWebhook * 0.5 * PRICES.lambdaGbSecond;
  const logs = ((webhooks * ASSUMED.loggedKibPerWebhook) / KIB_PER_GB) * PRICES.loggedGb;
  return (webhooks / 1e6) * (lambda + sqs) + seconds + logs;
}

/** Cost of one day's transfer, priced as the month's first gigabytes. */
function transferOutUsd(gb: number): number {
  const steps = PRICES.transferOutGb;
  return steps.reduce((usd, { beyondGb, usd: price }, index) => {
    const end = steps[index + 1]?.beyondGb ?? Number.POSITIVE_INFINITY;
    return usd + Math.max(0, Math.min(gb, end) - beyondGb) * price;
  }, 0);
}

function sum(causes: readonly Cause[]): number {
  return causes.reduce((total, { usd }) => total + usd, 0);
}
