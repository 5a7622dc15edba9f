import { type FleetConfig, fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import type { FleetFacts } from './fleet-facts.ts';
import { isForgotten, type JobSecretFacts } from './judge-secret.ts';
import { LONGEST_LIFETIME_SECONDS } from './settle-tasks.ts';
import type { Sweep } from './sweep-state.ts';

/** The most that one sweep removes; the next look finds the others. */
const MOST_A_SWEEP = 50;

const defaultJob: FleetConfig['job'] = fleetConfigSchema.shape.job.parse(undefined);

/** Once an hour, the secrets of jobs that nobody will pull an image for any more; else none. */
export async function forgottenSecrets(
  { parts, world }: Sweep,
  fleets: ReadonlyMap<string, FleetFacts>,
): Promise<JobSecretFacts[]> {
  if (!parts.secrets.isDue()) return [];
  const now = parts.now();
  const all = await parts.secrets.list();
  const forgotten = all.filter((secret) => {
    const maxLifetimeSeconds = lifetimeIn(fleets.get(secret.fleet));
    return isForgotten({ secret, jobTasks: world.jobTasks, maxLifetimeSeconds, now });
  });
  return forgotten.slice(0, MOST_A_SWEEP);
}

/** Removes a secret, for good. */
export async function removeSecret(
  { parts, summary }: Sweep,
  { arn, fleet, jobId }: JobSecretFacts,
): Promise<void> {
  const removed = await parts.secrets.remove(arn);
  if (removed) summary.secrets += 1;
  parts.log('secret removed', { fleet, jobId, arn, removed });
}

/** The default where the fleet is gone; where its document cannot be read, the most that one allows. */
function lifetimeIn(fleet: FleetFacts | undefined): number {
  if (fleet === undefined) return defaultJob.maxLifetimeSeconds;
  return fleet.config?.job.maxLifetimeSeconds ?? LONGEST_LIFETIME_SECONDS;
}
