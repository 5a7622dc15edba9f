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
  /** `orphaned`: its manager has ended, so nothing uses its result. */
  | { kind: 'stop'; reason: 'orphaned' | 'lifetime' };

/** ECS's lists lag, so a manager that they lack counts as gone only for job tasks older than this. */
const OWNER_LAG_MS = 120_000;

/** Decides when a job task is stopped: only if it has no manager, or is past its maximum lifetime. */
export function decideJobTask({ jobTask, owner, maxLifetimeSeconds, now }: JobTaskCase): JobTaskDecision {
  if (!isAlive(jobTask)) return { kind: 'keep' };
  const age = now - (jobTask.createdAt ?? now);
  if (owner?.state === 'stopped') return { kind: 'stop', reason: 'orphaned' };
  if (owner === undefined && age > OWNER_LAG_MS) return { kind: 'stop', reason: 'orphaned' };
  if (age > maxLifetimeSeconds * 1000) return { kind: 'stop', reason: 'lifetime' };
  return { kind: 'keep' };
}
