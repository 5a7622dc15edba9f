import type { Task } from '@aws-sdk/client-ecs';
import { JobRefusedError, NoCapacityError, TaskEndedError } from '../errors.ts';
import { explainStop } from './explain-stop.ts';
import { isEnding } from './task-facts.ts';
import type { TaskView, TaskWatcher } from './watch-tasks.ts';

/**
 * Waits until `pick` finds something in the task.
 * @throws {JobRefusedError} when the task ended for a fault of the job's, an image that is not there
 * @throws {NoCapacityError} when AWS had no room for it
 * @throws {TaskEndedError} when it ended otherwise
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
  // A task that is ending tells its reasons only by and by; all of them are there once it has stopped.
  if (!isEnding(task) || !hasTold(task)) return undefined;
  const { fault, lines } = explainStop(task);
  if (fault === 'job') return new JobRefusedError(lines);
  if (fault === 'capacity') return new NoCapacityError(lines.join(' '));
  return new TaskEndedError(lines.join(' '), task);
}

/** Whether ECS has told why the task ends. */
export function hasTold(task: Task): boolean {
  if (task.lastStatus === 'STOPPED') return true;
  const containers = task.containers ?? [];
  const ended = containers.every((each) => each.exitCode !== undefined || each.reason !== undefined);
  return task.stoppedReason !== undefined && containers.length > 0 && ended;
}
