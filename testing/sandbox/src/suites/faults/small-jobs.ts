import type { JobDefinition } from '@serverless-gitlab-runner/gitlab-double';

/** A job without its stage. */
export type SmallJob = Omit<JobDefinition, 'stage'>;

/** First line of every script's output. */
export const SCRIPT_START_LINE = 'the script has started';

/** A small job that takes `seconds`, prints the planted secret, and prints a file of its repository. */
export function smallJob(name: string, seconds = 3): SmallJob {
  const script = [
    `echo "${SCRIPT_START_LINE}"`,
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
