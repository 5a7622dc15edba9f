import { setTimeout as sleep } from 'node:timers/promises';
import { quotaAdvice } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { CapacityProvider } from '@serverless-gitlab-runner/fleet';
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
import { inSeconds, type JobLog } from '../job-log.ts';
import type { StartedTask } from '../job-session.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';

export interface AcquireSettings {
  runTask: RunTaskSettings;
  taskDefinitions: TaskDefinitionRegistry;
  watcher: TaskWatcher;
}

/** A task to start, of a definition that may have to be registered again. */
export interface AcquireOrder extends Omit<JobTaskOrder, 'taskDefinition'> {
  definition: JobTaskDefinition;
}

/** A task of the planned shape, and the address at which its helper will answer. */
export interface AcquiredTask {
  task: StartedTask;
  address: string;
}

const PAUSE_MS = { first: 5000, longest: 60_000 };

/**
 * Gets a task of the planned shape: starts one on the first capacity provider that has room. Where none has, it asks them again
 * until `signal` aborts. That it is a step of its own, which knows nothing of GitLab's job, leaves room for handing out a task
 * that was started before.
 * @param onStarted told of every task that was started, at once, so that none is forgotten
 * @param deadline aborts when the time for a start is over; `signal` aborts then too
 * @throws {LostStartError} when AWS did not say whether it started one
 * @throws {NoCapacityError} when no capacity provider had room before the deadline
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
  const attempt: Attempt = { settings, plan, order, log, signal, onStarted };
  for (let round = 0; ; round += 1) {
    for (const capacityProvider of plan.capacity) {
      signal.throwIfAborted();
      const acquired = await tryProvider(attempt, capacityProvider, round);
      if (typeof acquired !== 'string') return acquired;
      refusals.add(acquired);
    }
    await pauseAfter(round, attempt, deadline, refusals);
  }
}

interface Attempt {
  settings: AcquireSettings;
  plan: JobTaskPlan;
  order: AcquireOrder;
  log: JobLog;
  signal: AbortSignal;
  onStarted(task: StartedTask): void;
}

/** @returns the task, or in words why there is none now */
async function tryProvider(
  attempt: Attempt,
  capacityProvider: CapacityProvider,
  round: number,
): Promise<AcquiredTask | string> {
  const { settings, plan, log, signal, onStarted } = attempt;
  const askedAt = Date.now();
  const outcome = await runOfDefinition(attempt, capacityProvider, round);
  if (outcome.kind === 'not-now') return refusalInWords(outcome);
  if (outcome.kind !== 'started') {
    const reason = `AWS did not start the job task: ${outcome.reason}`;
    const mayRun = outcome.kind === 'failed' && outcome.mayRun;
    throw mayRun ? new LostStartError(reason) : new SystemFailureError(reason);
  }
  const task = { arn: outcome.taskArn, capacityProvider, shape: plan.shape, askedAt, isReady: false };
  onStarted(task);
  log.say(
    `Started task ${outcome.taskArn} on ${capacityProvider} (RunTask took ${inSeconds(Date.now() - askedAt)})`,
  );
  try {
    return { task, address: await awaitTask(settings.watcher, task.arn, signal, privateAddressOf) };
  } catch (error) {
    if (error instanceof NoCapacityError) return error.message;
    throw error;
  }
}

/** Calls RunTask; once more with another task definition where somebody deregistered the one that was known. */
async function runOfDefinition(
  { settings, order, log }: Attempt,
  capacityProvider: CapacityProvider,
  round: number,
): Promise<RunTaskOutcome> {
  const { runTask, taskDefinitions } = settings;
  const { definition, ...rest } = order;
  const { arn } = await taskDefinitions.find(definition);
  const outcome = await runJobTask(runTask, { ...rest, taskDefinition: arn }, capacityProvider, round);
  if (outcome.kind !== 'definition-gone') return outcome;
  const { arn: other } = await taskDefinitions.replace(definition, arn);
  log.say(`Task definition ${nameOf(arn)} was deregistered: ${nameOf(other)} takes its place`);
  return runJobTask(runTask, { ...rest, taskDefinition: other }, capacityProvider, round);
}

/** `<family>:<revision>` of a task definition's ARN. */
export function nameOf(definitionArn: string): string {
  return definitionArn.slice(definitionArn.lastIndexOf('/') + 1);
}

/** @throws {NoCapacityError} when the deadline comes first; what `signal` says when the job is cancelled */
async function pauseAfter(
  round: number,
  { settings, signal }: Attempt,
  deadline: AbortSignal,
  refusals: Refusals,
): Promise<void> {
  refusals.wait();
  const { first, longest } = settings.runTask.pauseMs ?? PAUSE_MS;
  const pause = Math.min(longest, first * 2 ** round);
  try {
    // Half of it random, so that the jobs of a burst spread.
    await sleep(pause / 2 + (Math.random() * pause) / 2, undefined, { signal });
  } catch {
    if (!deadline.aborted) signal.throwIfAborted();
    throw new NoCapacityError(
      `AWS started no task within the time for a start. ${refusals.inWords()} Retry the job later.`,
    );
  }
}

function refusalInWords({ capacityProvider, why, reason }: NotStarted): string {
  switch (why) {
    case 'quota':
      return `${capacityProvider} has no room for another task: ${reason}. ${quotaAdvice(capacityProvider, reason)}`;
    case 'no-capacity':
      return `${capacityProvider} has no room now: ${reason}.`;
    case 'throttled':
      return `AWS limits how fast tasks are started: ${reason}.`;
  }
}

interface Refusals {
  add(line: string): void;
  /** Says, once, that it is waited. */
  wait(): void;
  inWords(): string;
}

/** Keeps why there was no task; what comes again in later rounds is in the job log once. */
function createRefusals(log: JobLog): Refusals {
  const said = new Set<string>();
  let waits = false;
  return {
    add(line) {
      if (!said.has(line)) log.say(line);
      said.add(line);
    },
    wait() {
      if (!waits) log.say('Waiting for capacity.');
      waits = true;
    },
    inWords: () => [...said].join(' '),
  };
}
