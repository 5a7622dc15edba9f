import { isAlive, type JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** A secret that a manager made for one job, to pull its images with. */
export interface JobSecretFacts {
  /** Names this secret alone: a later one of the same name has another. */
  arn: string;
  fleet: string;
  /** GitLab's id of the job; undefined: its tag is gone. */
  jobId: number | undefined;
  /** Milliseconds since 1970. */
  createdAt: number;
}

export interface SecretCase {
  secret: JobSecretFacts;
  /** All job tasks that ECS tells of. */
  jobTasks: readonly JobTaskFacts[];
  /** Of its fleet (`job.maxLifetimeSeconds`). */
  maxLifetimeSeconds: number;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Whether a secret was forgotten: managers remove theirs within minutes, so one that is older than a job may get, and whose
 * job has no task, was a dead manager's.
 */
export function isOrphaned({ secret, jobTasks, maxLifetimeSeconds, now }: SecretCase): boolean {
  if (now - secret.createdAt <= maxLifetimeSeconds * 1000) return false;
  const { fleet, jobId } = secret;
  return !jobTasks.some((task) => isAlive(task) && task.fleet === fleet && task.jobId === jobId);
}
