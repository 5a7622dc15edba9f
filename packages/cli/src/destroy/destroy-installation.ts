import { setTimeout } from 'node:timers/promises';
import { type CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeStack,
  explainFailure,
  firstFailure,
  outputsOf,
  settledStack,
} from '@serverless-gitlab-runner/aws/stacks';
import { SHARED_STACK, serviceStack } from '@serverless-gitlab-runner/fleet';
import { drainManagers } from '../drain/drain-managers.ts';
import { OperationError } from '../operation-error.ts';
import { type ActiveTasks, activeTasks, stop } from './cluster-tasks.ts';

export interface DestroyOptions {
  readonly cloudFormation: CloudFormationClient;
  readonly ecs: ECSClient;
  readonly log: (line: string) => void;
  /** Milliseconds for which managers may finish their jobs before they are stopped; 0 stops them immediately. */
  readonly drainMs: number;
  /** Called before a stack is removed: removes what only that stack names. */
  readonly beforeStack?: (stack: string) => Promise<void>;
  /** Called when no task runs any more. */
  readonly whenIdle?: () => Promise<void>;
  /** Milliseconds between two polls. Default 5000. */
  readonly pollMs?: number;
  /** Milliseconds after which an unchanged line of progress is repeated. Default 60,000. */
  readonly repeatMs?: number;
}

/** Stacks that start managers: without the launcher none starts, and without the receiver no webhook is accepted. */
const STARTERS = (['webhook-receiver', 'runner-launcher'] as const).map(serviceStack);
const REAPER = serviceStack('idle-reaper');
/** Every stack, in the order of removal. */
export const REMOVAL_ORDER = [...STARTERS, REAPER, SHARED_STACK];
/** Milliseconds within which ECS must have stopped tasks: Spot's `stopTimeout`s total at most 120 s. */
const STOP_MS = 300_000;
/** Attempts to delete the shared stack: a launcher in the middle of a call may have started another manager. */
const MAX_ATTEMPTS = 3;

/**
 * Removes the installation: first the stacks that start managers, then the managers once their jobs are done, then the reaper,
 * which watches the managers until then, and finally the shared stack. It can be interrupted and run again at any point.
 * @throws {OperationError} when a stack or a task remains
 */
export async function destroyInstallation(options: DestroyOptions): Promise<void> {
  const { cloudFormation, log } = options;
  const cluster = outputsOf(await describeStack(cloudFormation, SHARED_STACK)).get('ClusterArn');
  await Promise.all(STARTERS.map((stack) => deleteStack(stack, options)));
  if (cluster !== undefined) {
    await awaitJobs(cluster, options);
    await stopRest(cluster, options);
  }
  await options.whenIdle?.();
  await deleteStack(REAPER, options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await deleteStack(SHARED_STACK, options);
    } catch (error) {
      if (
        cluster === undefined ||
        attempt === MAX_ATTEMPTS ||
        count(await activeTasks(options.ecs, cluster)) === 0
      )
        throw error;
      log('A task was started during the removal; stopping it.');
      await stopRest(cluster, options);
    }
  }
}

/** Drains the managers and waits until nothing runs, or until the deadline. */
async function awaitJobs(cluster: string, options: DestroyOptions): Promise<void> {
  const { ecs, log, drainMs, pollMs = 5000 } = options;
  const deadline = Date.now() + drainMs;
  const logProgress = createProgressLog(log, options.repeatMs);
  const drained = new Set<string>();
  while (Date.now() < deadline) {
    const tasks = await activeTasks(ecs, cluster);
    if (count(tasks) === 0) return log('No task is running any more.');
    // A launcher may have started another manager while its stack was removed.
    const fresh = tasks.managers.filter(
      ({ taskArn = '', desiredStatus }) => desiredStatus !== 'STOPPED' && !drained.has(taskArn),
    );
    const arns = fresh.map(({ taskArn = '' }) => taskArn);
    await drainManagers(ecs, cluster, arns);
    for (const arn of arns) drained.add(arn);
    const minutes = Math.ceil((deadline - Date.now()) / 60_000);
    logProgress(describeTasks(tasks), `draining, at most ${minutes} more minutes (--now stops them)`);
    await setTimeout(pollMs);
  }
}

/** Stops every task and waits until all have stopped. */
async function stopRest(cluster: string, options: DestroyOptions): Promise<void> {
  const { ecs, log, pollMs = 5000 } = options;
  const deadline = Date.now() + STOP_MS;
  const logProgress = createProgressLog(log, options.repeatMs);
  for (;;) {
    const tasks = await activeTasks(ecs, cluster);
    if (count(tasks) === 0) return;
    if (Date.now() > deadline)
      throw new OperationError(
        `${describeTasks(tasks)} did not stop within ${STOP_MS / 60_000} minutes. List them with \`aws ecs list-tasks --cluster ${cluster}\`, then run this command again.`,
      );
    logProgress(describeTasks(tasks), 'stopping');
    await stop(ecs, cluster, tasks);
    await setTimeout(pollMs);
  }
}

function count({ managers, others }: ActiveTasks): number {
  return managers.length + others.length;
}

function describeTasks({ managers, others }: ActiveTasks): string {
  return `${plural(managers.length, 'manager')} and ${plural(others.length, 'job task')}`;
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Logs changes immediately, and an unchanged state every `repeatMs`. */
function createProgressLog(
  log: (line: string) => void,
  repeatMs = 60_000,
): (tasks: string, action: string) => void {
  let last = { tasks: '', at: 0 };
  return (tasks, action) => {
    if (tasks === last.tasks && Date.now() - last.at < repeatMs) return;
    last = { tasks, at: Date.now() };
    log(`${tasks} running: ${action}`);
  };
}

async function deleteStack(stack: string, options: DestroyOptions): Promise<void> {
  const { cloudFormation, log, pollMs } = options;
  if ((await settledStack(cloudFormation, stack, log, pollMs)) === undefined) return;
  await options.beforeStack?.(stack);
  log(`${stack}: removing`);
  await cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
  const left = await settledStack(cloudFormation, stack, () => undefined, pollMs);
  if (left === undefined) return log(`${stack}: removed`);
  const failure = await firstFailure(cloudFormation, stack);
  throw new OperationError(
    failure === undefined ? `${stack} was not removed: ${left.StackStatus}` : explainFailure(failure),
  );
}
