import { isAlive, type JobTaskFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';

/** A secret that a manager created for one job, with the credentials to pull its images. */
export interface JobSecretFacts {
  /** Unique to this secret: a later secret of the same name has another ARN. */
  arn: string;
  fleet: string;
  /** GitLab's id of the job; undefined if its tag is missing. */
  jobId: number | undefined;
  /** Milliseconds since 1970. */
  createdAt: number;
}

export interface SecretCase {
  secret: JobSecretFacts;
  /** All job tasks that ECS lists. */
  jobTasks: readonly JobTaskFacts[];
  /** `job.maxLifetimeSeconds` of its fleet. */
  maxLifetimeSeconds: number;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Whether a secret is orphaned. Managers remove their secrets within minutes, so a secret that is older than a job's maximum
 * lifetime, and whose job has no task, belonged to a manager that died.
 */
export function isOrphaned({ secret, jobTasks, maxLifetimeSeconds, now }: SecretCase): boolean {
  if (now - secret.createdAt <= maxLifetimeSeconds * 1000) return false;
  const { fleet, jobId } = secret;
  return !jobTasks.some((task) => isAlive(task) && task.fleet === fleet && task.jobId === jobId);
}
