/** Tags that identify managed tasks and carry marks between components. Tasks without a `role` tag are not managed here. */
const TAG_PREFIX = 'serverless-gitlab-runner:';

export const TAG = {
  /** `manager` or `job`. */
  role: `${TAG_PREFIX}role`,
  /** Name of the fleet. */
  fleet: `${TAG_PREFIX}fleet`,
  /** On a manager, the launcher's mark: ISO time at which a queued job last relied on it. */
  demand: `${TAG_PREFIX}demand`,
  /** On a manager, the reaper's mark: ISO time of its drain, after which it takes no new job. */
  drain: `${TAG_PREFIX}drain`,
  /** On a manager: SSM parameter name of the runner token that it uses instead of the fleet's. */
  runnerTokenParameter: `${TAG_PREFIX}runner-token-parameter`,
  /** On a manager: its slot in the fleet, 1 to the fleet's `manager.max`. The launcher fills each slot once. */
  slot: `${TAG_PREFIX}slot`,
  /** On a job task: GitLab's job id. */
  jobId: `${TAG_PREFIX}job-id`,
  /** On a job task: GitLab's project id. */
  projectId: `${TAG_PREFIX}project-id`,
  /** On a job task: the number of its start among its manager's starts. It identifies a task whose RunTask answer was lost. */
  start: `${TAG_PREFIX}start`,
  /** On a job task that was started ahead: ISO time until which it may wait for a job, which then writes `jobId`. */
  ahead: `${TAG_PREFIX}ahead`,
} as const;

export type TaskRole = 'manager' | 'job';

/** An ECS tag in the SDK's format. */
export interface TaskTag {
  key: string;
  value: string;
}

const tagNames = Object.keys(TAG) as readonly (keyof typeof TAG)[];

/** Creates ECS tags, without those that have no value. */
export function toTags(values: Partial<Record<keyof typeof TAG, string | undefined>>): TaskTag[] {
  return tagNames.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ key: TAG[name], value }];
  });
}

/** Value of one of this project's tags on a task. */
export function tagValue(
  tags: readonly { key?: string | undefined; value?: string | undefined }[] | undefined,
  name: keyof typeof TAG,
): string | undefined {
  return tags?.find((tag) => tag.key === TAG[name])?.value;
}
