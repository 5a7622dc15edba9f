/** Family of the task definition that managers run. */
export const MANAGER_FAMILY = 'serverless-gitlab-runner-manager';

/** Families of job tasks begin so; a digest of the task's shape follows. */
export const JOB_FAMILY_PREFIX = 'serverless-gitlab-runner-job-';

/** `startedBy` of managers. Job tasks have their manager's task id there, so that one call lists a manager's jobs. */
export const MANAGER_STARTED_BY = 'serverless-gitlab-runner';

/** Container of a manager's task. */
export const MANAGER_CONTAINER = 'manager';

/**
 * Exit code of the manager's container when GitLab refuses its runner token (EX_CONFIG of sysexits.h). Launcher and reaper
 * start no other manager with that token until the fleet's document or the token's parameter is written anew.
 */
export const RUNNER_TOKEN_REFUSED_EXIT_CODE = 78;

/** Containers of a job task, as in GitLab's Kubernetes executor. */
export const HELPER_CONTAINER = 'helper';
export const BUILD_CONTAINER = 'build';

/** Environment variables by which the launcher's RunTask override tells a manager what it is. */
export const MANAGER_ENVIRONMENT = {
  /** Name of the manager's fleet. */
  fleet: 'FLEET',
  /** Name of the SSM parameter with the runner token. */
  runnerTokenParameter: 'RUNNER_TOKEN_PARAMETER',
} as const;

/** The last part of a task's ARN. */
export function taskIdOf(taskArn: string): string {
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}
