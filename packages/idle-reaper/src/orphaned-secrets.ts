import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import { isOrphaned, type JobSecretFacts } from './decide-secret.ts';
import type { FleetFacts } from './fleet-facts.ts';
import { LONGEST_LIFETIME_SECONDS } from './reconcile-tasks.ts';
import type { Sweep } from './sweep-state.ts';

/** The most that one sweep removes; the next look finds the others. */
const MOST_A_SWEEP = 50;

const defaultJob: FleetConfig['job'] = fleetConfigSchema.shape.job.parse(undefined);

/** Once an hour, the secrets of jobs that nobody will pull an image for any more; else none. */
export async function orphanedSecrets(
  { deps, clusterState }: Sweep,
  fleets: ReadonlyMap<string, FleetFacts>,
): Promise<JobSecretFacts[]> {
  if (!deps.secrets.isDue()) return [];
  const now = deps.now();
  const all = await deps.secrets.list();
  const forgotten = all.filter((secret) => {
    const maxLifetimeSeconds = lifetimeIn(fleets.get(secret.fleet));
    return isOrphaned({ secret, jobTasks: clusterState.jobTasks, maxLifetimeSeconds, now });
  });
  return forgotten.slice(0, MOST_A_SWEEP);
}

/** Removes a secret, for good. */
export async function removeSecret(
  { deps, summary }: Sweep,
  { arn, fleet, jobId }: JobSecretFacts,
): Promise<void> {
  const removed = await deps.secrets.remove(arn);
  if (removed) summary.secrets += 1;
  deps.log('secret removed', { fleet, jobId, arn, removed });
}

/** The default where the fleet is gone; where its document cannot be read, the most that one allows. */
function lifetimeIn(fleet: FleetFacts | undefined): number {
  if (fleet === undefined) return defaultJob.maxLifetimeSeconds;
  return fleet.config?.job.maxLifetimeSeconds ?? LONGEST_LIFETIME_SECONDS;
}
