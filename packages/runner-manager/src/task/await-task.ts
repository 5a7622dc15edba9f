import type { Task } from '@aws-sdk/client-ecs';
import { JobRefusedError, NoCapacityError, TaskEndedError } from '../errors.ts';
import { explainStop } from './explain-stop.ts';
import { isEnding } from './task-facts.ts';
import type { TaskView, TaskWatcher } from './watch-tasks.ts';

/**
 * Waits until `pick` returns something for the task.
 * @throws {JobRefusedError} when the task ended because of a mistake in the job, such as an image that does not exist
 * @throws {NoCapacityError} when AWS had no capacity for it
 * @throws {TaskEndedError} when it ended for another reason
 */
export function awaitTask<Found>(
  watcher: TaskWatcher,
  taskArn: string,
  signal: AbortSignal,
  pick: (task: Task) => Found | undefined,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const settle = (conclude: () => void) => {
      unwatch();
      signal.removeEventListener('abort', onAbort);
      conclude();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const unwatch = watcher.watch(taskArn, (view) => {
      const error = errorOf(view);
      if (error) return settle(() => reject(error));
      const found = view.kind === 'task' ? pick(view.task) : undefined;
      if (found !== undefined) settle(() => resolve(found));
    });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function errorOf(view: TaskView): Error | undefined {
  if (view.kind === 'gone') return new TaskEndedError('ECS no longer knows the job task');
  const { task } = view;
  // The reasons of an ending task appear one after the other. They are complete once it has stopped.
  if (!isEnding(task) || !hasStopReasons(task)) return undefined;
  const { fault, lines } = explainStop(task);
  if (fault === 'job') return new JobRefusedError(lines);
  if (fault === 'capacity') return new NoCapacityError(lines.join(' '));
  return new TaskEndedError(lines.join(' '), task);
}

/** Whether ECS has reported why the task ends. */
export function hasStopReasons(task: Task): boolean {
  if (task.lastStatus === 'STOPPED') return true;
  const containers = task.containers ?? [];
  const ended = containers.every((each) => each.exitCode !== undefined || each.reason !== undefined);
  return task.stoppedReason !== undefined && containers.length > 0 && ended;
}
