import { estimateCostUsd, type FargateSize, fargatePricesOf } from '@serverless-gitlab-runner/fleet';
import { readSettings } from '../app-settings.ts';
import { parseFleet } from '../fleet-props.ts';
import { ASSUMED, PRICES } from './prices.ts';

/** Sizes of jobs on the page. */
export const SIZES: readonly FargateSize[] = [
  { cpu: 256, memory: 512 },
  { cpu: 512, memory: 1024 },
  { cpu: 1024, memory: 2048 },
  { cpu: 2048, memory: 4096 },
  { cpu: 4096, memory: 8192 },
  { cpu: 8192, memory: 16_384 },
  { cpu: 16_384, memory: 32_768 },
];
export const MINUTES = 5;
export const JOBS_A_DAY = 100;
/** Hours in which these jobs arrive. */
export const WORKING_HOURS = 10;
const KIB_PER_GB = 1_000_000_000 / 1024;
/** Webhooks of a job: pending, running and finished, and one more for a job that waits for others. */
const WEBHOOKS_PER_JOB = 4;
/** JobQueued, JobFinished, JobTaskStarted, JobTaskFinished. */
const EVENTS_PER_JOB = 4;
/** Sent, received, deleted; its message comes back some three times until the job has a task. */
const SQS_REQUESTS_PER_JOB = 8;

/** A task of the given size, with a public address, as in the default network. */
function taskUsd(size: FargateSize, minutes: number, capacityProvider: 'FARGATE' | 'FARGATE_SPOT'): number {
  const { prices } = fargatePricesOf('us-east-1');
  return estimateCostUsd({
    ...size,
    architecture: 'X86_64',
    capacityProvider,
    seconds: minutes * 60,
    prices,
    hasPublicIp: true,
  });
}

/** A job of `MINUTES`: its task, on demand and on Spot. */
export function jobTaskUsd(size: FargateSize) {
  return { onDemand: taskUsd(size, MINUTES, 'FARGATE'), spot: taskUsd(size, MINUTES, 'FARGATE_SPOT') };
}

/** What one job costs besides tasks: webhooks, events, queue, logs; without free tiers. */
export function aroundJobUsd(): number {
  const lambda =
    (PRICES.millionLambdaRequests * WEBHOOKS_PER_JOB) / 1e6 +
    // 512 MB.
    WEBHOOKS_PER_JOB * ASSUMED.lambdaSecondsPerWebhook * 0.5 * PRICES.lambdaGbSecond;
  const logged = (ASSUMED.loggedKibPerJob + WEBHOOKS_PER_JOB * ASSUMED.loggedKibPerWebhook) / KIB_PER_GB;
  return (
    lambda +
    (EVENTS_PER_JOB * PRICES.millionEvents) / 1e6 +
    (SQS_REQUESTS_PER_JOB * PRICES.millionSqsRequests) / 1e6 +
    logged * PRICES.loggedGb
  );
}

/** A manager for so many minutes. */
export function managerUsd(minutes: number): number {
  const { managerCpu: cpu, managerMemoryMiB: memory } = readSettings(() => undefined);
  return taskUsd({ cpu, memory }, minutes, 'FARGATE');
}

/** Minutes that a manager runs besides its jobs: until it takes the first, and after the last until it is drained. */
export function managerOverheadMinutes(): number {
  return ASSUMED.managerStartMinutes + parseFleet({ name: 'default' }).manager.idleSeconds / 60;
}

/** A day of `JOBS_A_DAY` jobs of one size, and of an installation whose manager never stops. */
export function dayUsd(size: FargateSize) {
  const jobs = JOBS_A_DAY * (jobTaskUsd(size).onDemand + aroundJobUsd());
  // The jobs arrive evenly, so the manager is never idle for long enough to be drained between them.
  const fromZero = managerUsd(WORKING_HOURS * 60 + managerOverheadMinutes());
  return { jobs, fromZero: jobs + fromZero, alwaysOn: jobs + managerUsd(24 * 60) };
}

/** Metrics of all hours with jobs in a month of days like that, beyond the free ones. */
export function metricsMonthUsd(workingDays: number): number {
  return ASSUMED.metricsOfBusyHour * PRICES.metricMonth * ((workingDays * WORKING_HOURS) / 730);
}
