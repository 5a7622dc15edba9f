import { isAlive, type JobTaskFacts, type ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

export interface JobTaskCase {
  jobTask: JobTaskFacts;
  /** The manager it belongs to; undefined: ECS knows none of that id. */
  owner: Pick<ManagerFacts, 'state'> | undefined;
  /** Of its fleet (`job.maxLifetimeSeconds`). */
  maxLifetimeSeconds: number;
  /** Milliseconds since 1970. */
  now: number;
}

export type JobTaskDecision =
  | { kind: 'keep' }
  /** `orphaned`: its manager has ended, so nobody reads what it does. */
  | { kind: 'stop'; reason: 'orphaned' | 'lifetime' };

/** ECS's lists lag: a manager missing from them is believed gone only for job tasks older than this. */
const OWNER_LAG_MS = 120_000;

/** Decides when a job task is stopped: only when nobody owns it, or past its maximum life. */
export function decideJobTask({ jobTask, owner, maxLifetimeSeconds, now }: JobTaskCase): JobTaskDecision {
  if (!isAlive(jobTask)) return { kind: 'keep' };
  const age = now - (jobTask.createdAt ?? now);
  if (owner?.state === 'stopped') return { kind: 'stop', reason: 'orphaned' };
  if (owner === undefined && age > OWNER_LAG_MS) return { kind: 'stop', reason: 'orphaned' };
  if (age > maxLifetimeSeconds * 1000) return { kind: 'stop', reason: 'lifetime' };
  return { kind: 'keep' };
}
