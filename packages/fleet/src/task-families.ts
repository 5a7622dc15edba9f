import type { TaskRole } from './task-tags.ts';

/** Prefix of the families of managers' task definitions; the fleet's name follows. */
export const MANAGER_FAMILY_PREFIX = 'serverless-gitlab-runner-manager-';

/** Family of the task definition that a fleet's managers run. */
export function managerFamily(fleet: string): string {
  return `${MANAGER_FAMILY_PREFIX}${fleet}`;
}

/** Family of a task definition's ARN (`…:task-definition/<family>:<revision>`), or of `<family>:<revision>`. */
export function familyOf(taskDefinition: string): string {
  const [family = ''] = taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1).split(':');
  return family;
}

/** The role and the fleet of a family's tasks; undefined for families that are not managed here. */
export function ownerOfFamily(family: string): { role: TaskRole; fleet: string } | undefined {
  if (family.startsWith(MANAGER_FAMILY_PREFIX))
    return { role: 'manager', fleet: family.slice(MANAGER_FAMILY_PREFIX.length) };
  const fleet = fleetOfJobFamily(family);
  return fleet === undefined ? undefined : { role: 'job', fleet };
}

/** Prefix of the families of all fleets' job tasks; the fleet's name follows. */
export const JOB_FAMILY_PREFIX = 'serverless-gitlab-runner-job-';

/**
 * Prefix of the families of a fleet's job tasks; a digest of the task's shape follows. The prefix ends in a character that fleet
 * names cannot contain, so a policy for `<prefix>*` of fleet `a` does not match the families of fleet `a-b`.
 */
export function jobFamilyPrefix(fleet: string): string {
  return `${JOB_FAMILY_PREFIX}${fleet}_`;
}

/** The fleet whose job tasks have that family, or undefined if it is not a family of job tasks. */
export function fleetOfJobFamily(family: string): string | undefined {
  const end = family.lastIndexOf('_');
  return family.startsWith(JOB_FAMILY_PREFIX) && end > JOB_FAMILY_PREFIX.length
    ? family.slice(JOB_FAMILY_PREFIX.length, end)
    : undefined;
}

/** `startedBy` of managers. For job tasks, it is their manager's task id, so that one call lists a manager's jobs. */
export const MANAGER_STARTED_BY = 'serverless-gitlab-runner';

/** Container of a manager's task. */
export const MANAGER_CONTAINER = 'manager';

/**
 * Exit code of the manager's container when GitLab refuses its runner token (EX_CONFIG of sysexits.h); used for nothing else.
 * Launcher and reaper start no manager with that token until the fleet's document or the token's parameter is written again.
 */
export const RUNNER_TOKEN_REFUSED_EXIT_CODE = 78;

/**
 * Exit code of the manager's container when its fleet's document or a parameter is missing or invalid (EX_DATAERR). The next
 * manager starts with a growing delay, or at once after the document or the token was written.
 */
export const INVALID_FLEET_EXIT_CODE = 65;

/** Containers of a job task, as in GitLab's Kubernetes executor. */
export const HELPER_CONTAINER = 'helper';
export const BUILD_CONTAINER = 'build';

/** Environment variables that the launcher passes to a manager in RunTask's overrides. */
export const MANAGER_ENVIRONMENT = {
  /** Name of the manager's fleet. */
  fleet: 'FLEET',
  /** Name of the SSM parameter with the runner token. */
  runnerTokenParameter: 'RUNNER_TOKEN_PARAMETER',
} as const;

const JOB_GROUP = 'gitlab-job-';

/** `group` of a job's task: it is shown in the console, and ECS keeps it when StopTask deletes a task's tags. */
export function jobTaskGroup(jobId: number): string {
  return `${JOB_GROUP}${jobId}`;
}

/** GitLab's id of the job whose task has that `group`, or undefined if it is not the group of a job task. */
export function jobOfGroup(group: string): number | undefined {
  const id = group.startsWith(JOB_GROUP) ? group.slice(JOB_GROUP.length) : '';
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}

const AHEAD_GROUP = 'gitlab-ahead-';

/** `group` of a job task that is started ahead. A group cannot be changed, so it keeps this one when a job has claimed it. */
export function aheadTaskGroup(startId: string): string {
  return `${AHEAD_GROUP}${startId}`;
}

/** Whether a task was started ahead, even if StopTask has deleted its tags. */
export function isAheadGroup(group: string): boolean {
  return group.startsWith(AHEAD_GROUP);
}

/** The last part of a task's ARN. */
export function taskIdOf(taskArn: string): string {
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}
