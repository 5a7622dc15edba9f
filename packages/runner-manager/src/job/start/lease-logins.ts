import type { ExecutorContext } from '../../executor-context.ts';
import { hasImages } from '../../task/task-facts.ts';
import type { TaskWatcher } from '../../task/watch-tasks.ts';
import type { JobSession } from '../job-session.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';

/**
 * Gets the secrets with which ECS pulls a job's images: the fleet's exist already; for a login of the job, one is leased.
 * @returns names or ARNs of the secrets, by image
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

/** Leaves a session's secrets to the reaper, because a task whose start got no response may still pull with them. */
export function abandonLogins(session: JobSession): void {
  session.secrets.splice(0);
}

/** Releases a session's secrets. */
export async function releaseLogins(session: JobSession): Promise<void> {
  await Promise.all(session.secrets.splice(0).map((lease) => lease.release()));
}

/**
 * Releases a session's secrets when ECS no longer reads them: the task's images are pulled, or the task has stopped. A task that
 * is still stopping may pull, and would fail with a misleading reason.
 * @returns settles when they are released; at once if the session has none
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
