import type { GitLabJob, GitLabRunner } from './gitlab-reader.ts';

/**
 * Why a runner does not take a job, or undefined if it may. A runner for protected refs only may take it: whether the job's ref
 * is protected is not known here.
 */
export function whyNotTaken(
  job: Pick<GitLabJob, 'tag_list'>,
  { paused, tag_list: tags, run_untagged: runsUntagged }: GitLabRunner,
): string | undefined {
  if (paused) return 'is paused';
  if (job.tag_list.length === 0) return runsUntagged ? undefined : 'takes no job without tags';
  const missing = job.tag_list.filter((tag) => !tags?.includes(tag));
  return missing.length === 0
    ? undefined
    : `lacks the ${missing.length === 1 ? 'tag' : 'tags'} ${missing.join(', ')}`;
}

/** A runner as people know it. */
export function runnerName({ id, description }: Pick<GitLabRunner, 'id' | 'description'>): string {
  return description ? `#${id} (${description})` : `#${id}`;
}
