import { hasImages, isEnding } from '../task/task-facts.ts';
import type { TaskWatcher } from '../task/watch-tasks.ts';
import { announceEnd } from './announce-end.ts';
import type { JobSession } from './job-session.ts';
import { releaseLogins } from './lease-logins.ts';

/**
 * Keeps what ECS says of a session's task, removes the secrets that its images were pulled with, and cuts the connection when the task has ended, so that a stage's hook need
 * not wait until TCP notices.
 */
export function followTask(watcher: TaskWatcher, session: JobSession): void {
  const { task } = session;
  if (!task) return;
  const unwatch = watcher.watch(task.arn, (view) => {
    if (view.kind === 'task') task.lastSeen = view.task;
    if (view.kind === 'task' && isEnding(view.task)) void announceEnd(session, view.task);
    if (view.kind === 'task' && hasImages(view.task)) void releaseLogins(session);
    const isOver = view.kind === 'gone' || view.task.lastStatus === 'STOPPED';
    if (isOver && session.task === task) session.connection?.close();
  });
  session.release.push(unwatch);
}
