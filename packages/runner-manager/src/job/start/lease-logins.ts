import type { ExecutorContext } from '../../executor-context.ts';
import { hasImages } from '../../task/task-facts.ts';
import type { TaskWatcher } from '../../task/watch-tasks.ts';
import type { JobSession } from '../job-session.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';

/**
 * Gets the secrets with which ECS pulls a job's images: those of the fleet are there, a login of the job is lent one.
 * @returns the secrets' names or ARNs by image
 */
export async function leaseLogins(
  { secretLeases }: ExecutorContext,
  session: JobSession,
  { registryLogins }: JobTaskPlan,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const [image, access] of registryLogins) {
    if (access.kind === 'secret') {
      secrets.set(image, access.arn);
      continue;
    }
    const lease = await secretLeases.lease(access, session.identity.jobId);
    session.secrets.push(lease);
    secrets.set(image, lease.name);
  }
  return secrets;
}

/**
 * Leaves a session's secrets to the reaper: a task that nobody knows of may still pull with them.
 */
export function leaveLogins(session: JobSession): void {
  session.secrets.splice(0);
}

/** Gives a session's secrets back. */
export async function releaseLogins(session: JobSession): Promise<void> {
  await Promise.all(session.secrets.splice(0).map((lease) => lease.release()));
}

/**
 * Gives a session's secrets back when nothing can read them any more: its task's images are pulled, or it has stopped. A
 * task that was only told to stop may still pull, and would fail for a reason that is not its own.
 * @returns settles when they are given back; at once where the session has none
 */
export function releaseLoginsWhenPulled(watcher: TaskWatcher, session: JobSession): Promise<void> {
  const { task } = session;
  if (session.secrets.length === 0 || !task) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = watcher.watch(task.arn, (view) => {
      const isOver = view.kind === 'gone' || view.task.lastStatus === 'STOPPED';
      if (!isOver && !(view.kind === 'task' && hasImages(view.task))) return;
      unwatch();
      resolve(releaseLogins(session));
    });
  });
}
