import type { AwsCall } from '../aws-calls.ts';
import { START } from '../clock.ts';
import type { Violation } from '../invariants.ts';
import { runSchedule } from '../run-schedule.ts';
import { scheduleOf } from './measured-fleet.ts';

export interface Burst {
  seed: number;
  jobs: number;
  /** Seconds within which they are queued. */
  within: number;
  /** Maximum number of managers, which have the default number of concurrent jobs. */
  max: number;
}

export interface BurstReport {
  /** Seconds from the first queued job until RunTask has answered for the last of the managers. */
  seconds: number;
  managers: number;
  /** Jobs that did not succeed. */
  lost: number;
  violation: Violation | undefined;
}

const CONCURRENT_JOBS = 20;
const JOB_SECONDS = 60;

/** Queues many jobs within seconds, in virtual time. */
export async function measureBurst({ seed, jobs, within, max }: Burst): Promise<BurstReport> {
  const planned = Array.from({ length: jobs }, (_, index) => ({
    at: (index * within) / jobs,
    seconds: JOB_SECONDS,
    webhook: 'sent' as const,
  }));
  const launches: AwsCall[] = [];
  const { jobs: ended, violation } = await runSchedule(
    scheduleOf({ seed, jobs: planned, max, concurrentJobs: CONCURRENT_JOBS }),
    {},
    undefined,
    { onCall: (call) => isLaunch(call) && launches.push(call) },
  );
  const first = launches.slice(0, max);
  const answeredAt = Math.max(...first.map(({ answeredAt = Number.POSITIVE_INFINITY }) => answeredAt));
  return {
    seconds: (answeredAt - START) / 1000,
    managers: first.length,
    lost: jobs - ended.filter(({ state }) => state === 'finished').length,
    violation,
  };
}

function isLaunch({ by, operation }: AwsCall): boolean {
  return by === 'launcher' && operation === 'RunTask';
}
