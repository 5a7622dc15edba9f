import { setTimeout as sleep } from 'node:timers/promises';
import { quotaAdvice } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
import type { AheadTasks } from '../../ahead/ahead-tasks.ts';
import { LostStartError, NoCapacityError, SystemFailureError } from '../../errors.ts';
import { awaitTask } from '../../task/await-task.ts';
import type { TaskDefinitionRegistry } from '../../task/register-task-definition.ts';
import {
  type JobTaskOrder,
  type NotStarted,
  type RunTaskOutcome,
  type RunTaskSettings,
  runJobTask,
} from '../../task/run-job-task.ts';
import type { JobTaskDefinition } from '../../task/task-definition.ts';
import { privateAddressOf } from '../../task/task-facts.ts';
import type { TaskWatcher } from '../../task/watch-tasks.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { StartedTask } from '../job-session.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';

export interface AcquireSettings {
  runTask: RunTaskSettings;
  taskDefinitions: TaskDefinitionRegistry;
  watcher: TaskWatcher;
  /** Gives way to jobs when AWS lacks capacity. */
  ahead?: Pick<AheadTasks, 'pause'> | undefined;
}

/** A task to start, from a definition that may have to be registered again. */
export interface AcquireOrder extends Omit<JobTaskOrder, 'taskDefinition'> {
  definition: JobTaskDefinition;
}

/** A task of the planned shape, and the address of its helper. */
export interface AcquiredTask {
  task: StartedTask;
  address: string;
}

const PAUSE_MS = { first: 5000, longest: 60_000 };

/**
 * Gets a task of the planned shape: starts one on the first capacity provider with capacity, and retries all of them until
 * `signal` aborts.
 * @param onStarted called immediately with every started task, so that none is lost
 * @param deadline aborts when the time for a start is over; `signal` aborts then too
 * @throws {LostStartError} when AWS did not say whether it started a task
 * @throws {NoCapacityError} when no capacity provider had capacity before the deadline
 */
export async function acquireJobTask(
  settings: AcquireSettings,
  plan: JobTaskPlan,
  order: AcquireOrder,
  log: JobLog,
  { signal, deadline }: { signal: AbortSignal; deadline: AbortSignal },
  onStarted: (task: StartedTask) => void,
): Promise<AcquiredTask> {
  const refusals = createRefusals(log);
  const onRefused = (why: string) => refusals.add(why);
  const attempt: AcquireAttempt = { settings, plan, order, log, signal, onStarted, onRefused };
  for (let round = 0; ; round += 1) {
    const acquired = await tryProviders(attempt, round);
    if (acquired !== undefined) return acquired;
    settings.ahead?.pause('AWS lacks capacity for jobs');
    await pauseAfter(round, attempt, deadline, refusals);
  }
}

/**
 * Tries each capacity provider of the plan once.
 * @param round how often this was done before for the same order
 * @returns the task; undefined if no provider has capacity now
 * @throws as `acquireJobTask`, except for a lack of capacity
 */
export async function tryProviders(
  attempt: AcquireAttempt,
  round: number,
): Promise<AcquiredTask | undefined> {
  for (const capacityProvider of attempt.plan.capacity) {
    attempt.signal.throwIfAborted();
    const acquired = await tryProvider(attempt, capacityProvider, round);
    if (typeof acquired !== 'string') return acquired;
    attempt.onRefused(acquired);
  }
  return undefined;
}

export interface AcquireAttempt {
  settings: AcquireSettings;
  plan: Pick<JobTaskPlan, 'shape' | 'capacity'>;
  order: AcquireOrder;
  log: JobLog;
  signal: AbortSignal;
  /** Called immediately with every started task, so that none is lost. */
  onStarted(task: StartedTask): void;
  /** Called with the reason why a provider has no task now. */
  onRefused(why: string): void;
}

/** @returns the task, or a message why there is none yet */
async function tryProvider(
  attempt: AcquireAttempt,
  capacityProvider: CapacityProvider,
  round: number,
): Promise<AcquiredTask | string> {
  const { settings, plan, log, signal, onStarted } = attempt;
  const requestedAt = Date.now();
  const outcome = await runOfDefinition(attempt, capacityProvider, round);
  if (outcome.kind === 'not-now') return formatRefusal(outcome);
  if (outcome.kind !== 'started') {
    const reason = `AWS did not start the job task: ${outcome.reason}`;
    const mayRun = outcome.kind === 'failed' && outcome.mayRun;
    throw mayRun ? new LostStartError(reason) : new SystemFailureError(reason);
  }
  const task = { arn: outcome.taskArn, capacityProvider, shape: plan.shape, requestedAt, isReady: false };
  onStarted(task);
  log.info(
    `Started task ${outcome.taskArn} on ${capacityProvider} (RunTask took ${formatSeconds(Date.now() - requestedAt)})`,
  );
  try {
    return { task, address: await awaitTask(settings.watcher, task.arn, signal, privateAddressOf) };
  } catch (error) {
    if (error instanceof NoCapacityError) return error.message;
    throw error;
  }
}

/** Calls RunTask, and once more with a new task definition if the known one was deregistered. */
async function runOfDefinition(
  { settings, order, log }: AcquireAttempt,
  capacityProvider: CapacityProvider,
  round: number,
): Promise<RunTaskOutcome> {
  const { runTask, taskDefinitions } = settings;
  const { definition, ...rest } = order;
  const { arn } = await taskDefinitions.find(definition);
  const outcome = await runJobTask(runTask, { ...rest, taskDefinition: arn }, capacityProvider, round);
  if (outcome.kind !== 'definition-gone') return outcome;
  const { arn: other } = await taskDefinitions.replace(definition, arn);
  log.info(`Task definition ${nameOf(arn)} was deregistered; using ${nameOf(other)} instead`);
  return runJobTask(runTask, { ...rest, taskDefinition: other }, capacityProvider, round);
}

/** `<family>:<revision>` of a task definition's ARN. */
export function nameOf(definitionArn: string): string {
  return definitionArn.slice(definitionArn.lastIndexOf('/') + 1);
}

/** @throws {NoCapacityError} when the deadline comes first; `signal`'s reason when the job is cancelled */
async function pauseAfter(
  round: number,
  { settings, signal }: AcquireAttempt,
  deadline: AbortSignal,
  refusals: Refusals,
): Promise<void> {
  refusals.wait();
  const { first, longest } = settings.runTask.pauseMs ?? PAUSE_MS;
  const pause = Math.min(longest, first * 2 ** round);
  try {
    // Half of the pause is random, to spread the retries of a burst of jobs.
    await sleep(pause / 2 + (Math.random() * pause) / 2, undefined, { signal });
  } catch {
    if (!deadline.aborted) signal.throwIfAborted();
    throw new NoCapacityError(
      `AWS started no task within this fleet's job.startTimeoutSeconds. ${refusals.summary()} Retry the job later.`,
    );
  }
}

function formatRefusal({ capacityProvider, why, reason }: NotStarted): string {
  switch (why) {
    case 'quota':
      return `${capacityProvider} is at its quota: ${reason}. ${quotaAdvice(capacityProvider, reason)}`;
    case 'no-capacity':
      return `${capacityProvider} currently has no capacity: ${reason}.`;
    case 'throttled':
      return `AWS throttles task starts: ${reason}.`;
  }
}

interface Refusals {
  add(line: string): void;
  /** Logs, once, that the job waits. */
  wait(): void;
  summary(): string;
}

/** Collects why no task was started. Each reason is logged once, even if later rounds repeat it. */
function createRefusals(log: JobLog): Refusals {
  const lines = new Set<string>();
  let isWaiting = false;
  return {
    add(line) {
      if (!lines.has(line)) log.info(line);
      lines.add(line);
    },
    wait() {
      if (!isWaiting) log.info('Waiting for capacity.');
      isWaiting = true;
    },
    summary: () => [...lines].join(' '),
  };
}
