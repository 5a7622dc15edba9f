import { LostStartError, NoCapacityError, SystemFailureError } from '../errors.ts';
import { awaitTask } from '../task/await-task.ts';
import { type JobTaskOrder, type RunTaskSettings, runJobTask } from '../task/run-job-task.ts';
import { privateAddressOf } from '../task/task-facts.ts';
import type { TaskWatcher } from '../task/watch-tasks.ts';
import { inSeconds, type JobLog } from './job-log.ts';
import type { StartedTask } from './job-session.ts';
import type { JobTaskPlan } from './plan-job-task.ts';

export interface AcquireSettings {
  runTask: RunTaskSettings;
  watcher: TaskWatcher;
}

/** A task of the planned shape, and the address at which its helper will answer. */
export interface AcquiredTask {
  task: StartedTask;
  address: string;
}

/**
 * Gets a task of the planned shape: starts one on the first capacity provider that has room. That it is a step of its
 * own, which knows nothing of GitLab's job, leaves room for handing out a task that was started before.
 * @param onStarted told of every task that was started, at once, so that none is forgotten
 * @throws {LostStartError} when AWS did not say whether it started one
 * @throws {NoCapacityError} when no capacity provider has room
 */
export async function acquireJobTask(
  { runTask, watcher }: AcquireSettings,
  plan: JobTaskPlan,
  order: JobTaskOrder,
  log: JobLog,
  signal: AbortSignal,
  onStarted: (task: StartedTask) => void,
): Promise<AcquiredTask> {
  for (const capacityProvider of plan.capacity) {
    signal.throwIfAborted();
    const askedAt = Date.now();
    const outcome = await runJobTask(runTask, order, capacityProvider);
    if (outcome.kind === 'failed') {
      const reason = `AWS did not start the job task: ${outcome.reason}`;
      throw outcome.mayRun ? new LostStartError(reason) : new SystemFailureError(reason);
    }
    if (outcome.kind === 'no-capacity') {
      log.say(`${capacityProvider} has no room now: ${outcome.reason}`);
      continue;
    }
    const task = { arn: outcome.taskArn, capacityProvider, shape: plan.shape, askedAt, isReady: false };
    onStarted(task);
    log.say(
      `Started task ${outcome.taskArn} on ${capacityProvider} (RunTask took ${inSeconds(Date.now() - askedAt)})`,
    );
    try {
      return { task, address: await awaitTask(watcher, task.arn, signal, privateAddressOf) };
    } catch (error) {
      if (!(error instanceof NoCapacityError)) throw error;
      log.say(error.message);
    }
  }
  throw new NoCapacityError(
    `No capacity provider of this fleet has room now (${plan.capacity.join(', ')}). Retry later, or ask for another size.`,
  );
}
