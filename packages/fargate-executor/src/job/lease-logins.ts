import type { ExecutorContext } from '../executor-context.ts';
import type { JobSession } from './job-session.ts';
import type { JobTaskPlan } from './plan-job-task.ts';

/**
 * Gets the secrets with which ECS pulls a job's images: those of the fleet are there, logins of the job get one each.
 * @returns the secrets' names or ARNs by image
 */
export async function leaseLogins(
  { secretLeases }: ExecutorContext,
  session: JobSession,
  { registryLogins }: JobTaskPlan,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  const made = new Map<string, string>();
  for (const [image, access] of registryLogins) {
    if (access.kind === 'secret') {
      secrets.set(image, access.arn);
      continue;
    }
    const key = JSON.stringify([access.username, access.password]);
    const name = made.get(key);
    if (name !== undefined) {
      secrets.set(image, name);
      continue;
    }
    const lease = await secretLeases.lease(access, session.identity.jobId);
    session.secrets.push(lease);
    made.set(key, lease.name);
    secrets.set(image, lease.name);
  }
  return secrets;
}

/** Removes the secrets that were made for a session. */
export async function releaseLogins(session: JobSession): Promise<void> {
  await Promise.all(session.secrets.map((lease) => lease.release()));
}
