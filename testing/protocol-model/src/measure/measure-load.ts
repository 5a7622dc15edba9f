import type { AwsCall } from '../aws-calls.ts';
import { START } from '../clock.ts';
import { statusOf } from '../ecs/simulated-task.ts';
import type { Violation } from '../invariants.ts';
import { runSchedule } from '../run-schedule.ts';
import { scheduleOf } from './measured-fleet.ts';

/** A fleet on which as many jobs start as end. */
export interface Load {
  seed: number;
  /** Number of managers that have enough places for the jobs. */
  managers: number;
  /** Number of concurrent jobs. */
  jobs: number;
  endsPerMinute: number;
}

export interface LoadReport {
  /** Calls to ECS a second, of all processes together. */
  callsPerSecond: number;
  /** The same by process and operation, such as `manager RunTask`. */
  byOperation: ReadonlyMap<string, number>;
  /** Managers and job tasks at the end of the measurement. */
  managers: number;
  jobTasks: number;
  /** Median and longest time that a job waited for a manager, in seconds. */
  waitSeconds: { median: number; max: number };
  violation: Violation | undefined;
}

/** Seconds that are measured, once as many jobs end as start. */
const MEASURED_SECONDS = 300;
/** Seconds from the start until the load is steady: as long as a job takes, and until what waited meanwhile has started. */
const SETTLING_SECONDS = 600;
/** The fleet may have more managers than the load needs. */
const SPARE_MANAGERS = 1.5;
/** Mean seconds that a task of the model takes to start and to stop. */
const TASK_OVERHEAD = 50;

/** Operations of other services. */
const NOT_ECS: ReadonlySet<string> = new Set([
  ...['GetParameter', 'GetParameters', 'GetParametersByPath', 'PutEvents'],
  ...['ChangeMessageVisibilityBatch', 'SendMessageBatch'],
]);

/** Counts the calls that the whole installation makes under a steady load, in virtual time. */
export async function measureLoad({ seed, managers, jobs, endsPerMinute }: Load): Promise<LoadReport> {
  const perSecond = endsPerMinute / 60;
  const from = jobs / perSecond + SETTLING_SECONDS;
  const until = from + MEASURED_SECONDS;
  const planned = Array.from({ length: Math.floor(until * perSecond) }, (_, index) => ({
    at: index / perSecond,
    seconds: Math.max(1, jobs / perSecond - TASK_OVERHEAD),
    webhook: 'sent' as const,
  }));
  const calls: AwsCall[] = [];
  const schedule = scheduleOf({
    seed,
    jobs: planned,
    max: Math.ceil(managers * SPARE_MANAGERS),
    concurrentJobs: Math.ceil(jobs / managers),
  });
  const result = await runSchedule(schedule, {}, undefined, {
    onCall: (call) => calls.push(call),
    until,
  });
  const isSteady = (at: number) => at >= START + from * 1000;
  const running = result.tasks.filter((task) => statusOf(task).lastStatus === 'RUNNING');
  const waits = result.jobs
    .flatMap(({ queuedAt, takenAt }) =>
      takenAt !== undefined && isSteady(queuedAt) ? (takenAt - queuedAt) / 1000 : [],
    )
    .toSorted((one, other) => one - other);
  const counts = new Map<string, number>();
  for (const { at, by, operation } of calls) {
    if (!isSteady(at) || NOT_ECS.has(operation)) continue;
    const key = `${by} ${operation}`;
    counts.set(key, (counts.get(key) ?? 0) + 1 / MEASURED_SECONDS);
  }
  return {
    callsPerSecond: [...counts.values()].reduce((sum, rate) => sum + rate, 0),
    byOperation: counts,
    managers: running.filter(({ role }) => role === 'manager').length,
    jobTasks: running.filter(({ role }) => role === 'job').length,
    waitSeconds: { median: waits[Math.floor(waits.length / 2)] ?? 0, max: waits.at(-1) ?? 0 },
    violation: result.violation,
  };
}
