import { setTimeout } from 'node:timers/promises';
import { type CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import type { ECSClient } from '@aws-sdk/client-ecs';
import { OperationError } from '../cli/run-command.ts';
import { explainFailure, firstFailure } from '../deploy/stack-failure.ts';
import { describeStack, settledStack } from '../deploy/stack-state.ts';
import { SHARED_STACK, serviceStack } from '../stacks/stack-names.ts';
import { type ActiveTasks, activeTasks, drain, stop } from './cluster-tasks.ts';
import { outputsOf } from './installation-outputs.ts';

export interface DestroyOptions {
  readonly cloudFormation: CloudFormationClient;
  readonly ecs: ECSClient;
  readonly log: (line: string) => void;
  /** Milliseconds for which managers may finish their jobs before they are stopped; 0: not at all. */
  readonly drainMs: number;
  /** Milliseconds between two reads. Default 5000. */
  readonly pollMs?: number;
  /** Milliseconds between two lines of progress that say the same. Default 60,000. */
  readonly repeatMs?: number;
}

/** What brings managers: without the launcher none starts, without the receiver nothing is promised to GitLab. */
const STARTERS = (['webhook-receiver', 'runner-launcher'] as const).map(serviceStack);
const REAPER = serviceStack('idle-reaper');
/** Every stack, in the order in which they go. */
export const ALL_STACKS = [...STARTERS, REAPER, SHARED_STACK];
/** Milliseconds within which ECS must have stopped tasks: Spot's `stopTimeout`s are at most 120 s together. */
const STOP_MS = 300_000;
/** Tries of the shared stack: a launcher that was in the middle of a call may have started a manager since. */
const TRIES = 3;

/**
 * Removes the installation: first what starts managers, then the managers when their jobs are done, then the reaper, which looks
 * after them until then, and what all stand on at last. It may be ended and run again at any point.
 * @throws {OperationError} when a stack or a task stays
 */
export async function destroyInstallation(options: DestroyOptions): Promise<void> {
  const { cloudFormation, log } = options;
  const { ClusterArn: cluster } = outputsOf(await describeStack(cloudFormation, SHARED_STACK));
  await Promise.all(STARTERS.map((stack) => deleteStack(stack, options)));
  if (cluster !== undefined) {
    await awaitJobs(cluster, options);
    await stopRest(cluster, options);
  }
  await deleteStack(REAPER, options);
  for (let tries = 1; ; tries += 1) {
    try {
      return await deleteStack(SHARED_STACK, options);
    } catch (error) {
      if (cluster === undefined || tries === TRIES || count(await activeTasks(options.ecs, cluster)) === 0)
        throw error;
      log('A task was started meanwhile; stopping it.');
      await stopRest(cluster, options);
    }
  }
}

/** Drains the managers and waits until nothing runs, or the time is over. */
async function awaitJobs(cluster: string, options: DestroyOptions): Promise<void> {
  const { ecs, log, drainMs, pollMs = 5000 } = options;
  const deadline = Date.now() + drainMs;
  const tell = teller(log, options.repeatMs);
  const drained = new Set<string>();
  while (Date.now() < deadline) {
    const tasks = await activeTasks(ecs, cluster);
    if (count(tasks) === 0) return log('Nothing runs any more.');
    // Again for one that a launcher started while it went.
    const fresh = tasks.managers.filter(({ taskArn = '' }) => !drained.has(taskArn));
    await drain(ecs, fresh);
    for (const { taskArn = '' } of fresh) drained.add(taskArn);
    const minutes = Math.ceil((deadline - Date.now()) / 60_000);
    tell(describeTasks(tasks), `draining, at most ${minutes} more minutes (--now stops them)`);
    await setTimeout(pollMs);
  }
}

/** Stops every task and waits until all have stopped. */
async function stopRest(cluster: string, options: DestroyOptions): Promise<void> {
  const { ecs, log, pollMs = 5000 } = options;
  const deadline = Date.now() + STOP_MS;
  const tell = teller(log, options.repeatMs);
  for (;;) {
    const tasks = await activeTasks(ecs, cluster);
    if (count(tasks) === 0) return;
    if (Date.now() > deadline)
      throw new OperationError(
        `${describeTasks(tasks)} did not stop within ${STOP_MS / 60_000} minutes: look at them by \`aws ecs list-tasks --cluster ${cluster}\`, and run this again.`,
      );
    tell(describeTasks(tasks), 'stopping');
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

/** Logs what changed at once, and what did not once a minute. */
function teller(log: (line: string) => void, repeatMs = 60_000): (what: string, doing: string) => void {
  let last = { what: '', at: 0 };
  return (what, doing) => {
    if (what === last.what && Date.now() - last.at < repeatMs) return;
    last = { what, at: Date.now() };
    log(`${what} run: ${doing}`);
  };
}

async function deleteStack(stack: string, { cloudFormation, log, pollMs }: DestroyOptions): Promise<void> {
  if ((await settledStack(cloudFormation, stack, log, pollMs)) === undefined) return;
  log(`${stack}: removing`);
  await cloudFormation.send(new DeleteStackCommand({ StackName: stack }));
  const left = await settledStack(cloudFormation, stack, () => undefined, pollMs);
  if (left === undefined) return log(`${stack}: removed`);
  const failure = await firstFailure(cloudFormation, stack);
  throw new OperationError(
    failure === undefined ? `${stack} stays: ${left.StackStatus}` : explainFailure(failure),
  );
}
