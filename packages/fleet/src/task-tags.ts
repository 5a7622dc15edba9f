/** Tags by which the parts know their tasks and speak about them. Tasks without `role` are nobody's of ours. */
const TAG_PREFIX = 'serverless-gitlab-runner:';

export const TAG = {
  /** `manager` or `job`. */
  role: `${TAG_PREFIX}role`,
  /** Name of the fleet. */
  fleet: `${TAG_PREFIX}fleet`,
  /** On a manager, the launcher's mark: ISO time at which a queued job last counted on it. */
  demand: `${TAG_PREFIX}demand`,
  /** On a manager, the reaper's mark: ISO time from which it takes no new job. */
  drain: `${TAG_PREFIX}drain`,
  /** On a manager: SSM parameter name of the runner token that it uses instead of the fleet's. */
  runnerTokenParameter: `${TAG_PREFIX}runner-token-parameter`,
  /** On a manager: its place in the fleet, 1 to the fleet's `manager.max`. The launcher fills one place once. */
  slot: `${TAG_PREFIX}slot`,
  /** On a job task: GitLab's job id. */
  jobId: `${TAG_PREFIX}job-id`,
  /** On a job task: GitLab's project id. */
  projectId: `${TAG_PREFIX}project-id`,
  /** On a job task: which of its manager's starts it is, by which one whose answer was lost is found again. */
  start: `${TAG_PREFIX}start`,
} as const;

export type TaskRole = 'manager' | 'job';

/** An ECS tag in the SDK's spelling. */
export interface TaskTag {
  key: string;
  value: string;
}

const tagNames = Object.keys(TAG) as readonly (keyof typeof TAG)[];

/** Makes ECS tags, leaving out those without a value. */
export function toTags(values: Partial<Record<keyof typeof TAG, string | undefined>>): TaskTag[] {
  return tagNames.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ key: TAG[name], value }];
  });
}

/** Value of one of our tags on a task. */
export function tagValue(
  tags: readonly { key?: string | undefined; value?: string | undefined }[] | undefined,
  name: keyof typeof TAG,
): string | undefined {
  return tags?.find((tag) => tag.key === TAG[name])?.value;
}
