import type { JobDefinition } from '@serverless-gitlab-runner/gitlab-double';

/** A job of a pipeline that has one faultRun. */
export type SmallJob = Omit<JobDefinition, 'stage'>;

/** The first line of every script's output. */
export const SCRIPT_BEGINS = 'the script has begun';

/** A small job that takes so many seconds, prints the planted secret, and shows that its repository is there. */
export function smallJob(name: string, seconds = 3): SmallJob {
  const script = [
    `echo "${SCRIPT_BEGINS}"`,
    'cat README.md',
    'echo "secret: $PLANTED"',
    `sleep ${seconds}`,
    'echo "the end"',
  ];
  return { name, script };
}

export function smallJobs(count: number, seconds = 3): SmallJob[] {
  return Array.from({ length: count }, (_, index) => smallJob(`small-${index + 1}`, seconds));
}
