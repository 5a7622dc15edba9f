import { isAlive, type JobTaskFacts, type ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

export interface JobTaskCase {
  jobTask: JobTaskFacts;
  /** The manager that started it; undefined if ECS knows no task of that id. */
  owner: Pick<ManagerFacts, 'state'> | undefined;
  /** `job.maxLifetimeSeconds` of its fleet. */
  maxLifetimeSeconds: number;
  /** Milliseconds since 1970. */
  now: number;
}

export type JobTaskDecision =
  | { kind: 'keep' }
  /** `orphaned`: its manager has ended, so nothing uses its result. `claim-overdue`: no job has claimed it. */
  | { kind: 'stop'; reason: 'orphaned' | 'lifetime' | 'claim-overdue' };

/** ECS's lists lag, so a manager that they lack counts as gone only for job tasks older than this. */
const OWNER_LAG_MS = 120_000;
/** Its manager lets go of an unclaimed task by itself, and a claim's tag may be unknown to a read that lags. */
const CLAIM_OVERDUE_MS = 120_000;

/** Decides when a job task is stopped: only if it has no manager, is past its maximum lifetime, or waits for a job for too long. */
export function decideJobTask({ jobTask, owner, maxLifetimeSeconds, now }: JobTaskCase): JobTaskDecision {
  if (!isAlive(jobTask)) return { kind: 'keep' };
  const age = now - (jobTask.createdAt ?? now);
  if (owner?.state === 'stopped') return { kind: 'stop', reason: 'orphaned' };
  if (owner === undefined && age > OWNER_LAG_MS) return { kind: 'stop', reason: 'orphaned' };
  if (age > maxLifetimeSeconds * 1000) return { kind: 'stop', reason: 'lifetime' };
  const { unclaimedUntil = Number.POSITIVE_INFINITY } = jobTask;
  if (now > unclaimedUntil + CLAIM_OVERDUE_MS) return { kind: 'stop', reason: 'claim-overdue' };
  return { kind: 'keep' };
}
