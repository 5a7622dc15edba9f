import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import { isOrphaned, type JobSecretFacts } from './decide-secret.ts';
import type { FleetFacts } from './fleet-facts.ts';
import { MAX_JOB_LIFETIME_SECONDS } from './reconcile-tasks.ts';
import type { Sweep } from './sweep-state.ts';

/** Maximum number of secrets that one sweep removes. The next check finds the rest. */
const MAX_PER_SWEEP = 50;

const defaultJob: FleetConfig['job'] = fleetConfigSchema.shape.job.parse(undefined);

/** Once an hour, returns the secrets of jobs that will pull no more images; otherwise none. */
export async function orphanedSecrets(
  { deps, clusterState }: Sweep,
  fleets: ReadonlyMap<string, FleetFacts>,
): Promise<JobSecretFacts[]> {
  if (!deps.secrets.isDue()) return [];
  const now = deps.now();
  const all = await deps.secrets.list();
  const orphaned = all.filter((secret) => {
    const maxLifetimeSeconds = maxJobLifetimeIn(fleets.get(secret.fleet));
    return isOrphaned({ secret, jobTasks: clusterState.jobTasks, maxLifetimeSeconds, now });
  });
  return orphaned.slice(0, MAX_PER_SWEEP);
}

/** Deletes a secret without a recovery window. */
export async function removeSecret(
  { deps, summary }: Sweep,
  { arn, fleet, jobId }: JobSecretFacts,
): Promise<void> {
  const removed = await deps.secrets.remove(arn);
  if (removed) summary.secrets += 1;
  deps.log('secret removed', { fleet, jobId, arn, removed });
}

/** The default if the fleet was removed; the schema's maximum if its document is invalid. */
function maxJobLifetimeIn(fleet: FleetFacts | undefined): number {
  if (fleet === undefined) return defaultJob.maxLifetimeSeconds;
  return fleet.config?.job.maxLifetimeSeconds ?? MAX_JOB_LIFETIME_SECONDS;
}
