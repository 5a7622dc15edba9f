import { isEnding } from '../../task/task-facts.ts';
import type { TaskWatcher } from '../../task/watch-tasks.ts';
import { announceEnd } from '../end/announce-end.ts';
import type { JobSession } from '../job-session.ts';

/**
 * Keeps the latest state that ECS reports of a session's task, and closes the connection when the task has ended, so that a
 * stage's hook need not wait until TCP notices.
 */
export function followTask(watcher: TaskWatcher, session: JobSession): void {
  const { task } = session;
  if (!task) return;
  const unwatch = watcher.watch(task.arn, (view) => {
    if (view.kind === 'task') task.lastSeen = view.task;
    if (view.kind === 'task' && isEnding(view.task)) void announceEnd(session, view.task);
    const isOver = view.kind === 'gone' || view.task.lastStatus === 'STOPPED';
    if (isOver && session.task === task) session.connection?.close();
  });
  session.release.push(unwatch);
}
