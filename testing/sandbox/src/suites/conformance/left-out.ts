import type { ConformanceCase, Suite } from './conformance-case.ts';
import { isOlder } from './runner-release.ts';

/** What decides whether a run can have a case. */
export interface Means {
  /** Of GitLab Runner. */
  release: string;
  /** Whether there is a runner for helpers on ARM64. */
  hasArmRunner: boolean;
}

/** What a case needs that the run has not, in words; undefined when nothing. */
export function lackOf(
  { since }: Pick<ConformanceCase, 'since'>,
  { architecture }: Pick<Suite, 'architecture'>,
  { release, hasArmRunner }: Means,
): string | undefined {
  if (since !== undefined && isOlder(release, since)) return `gitlab-runner ${since}, this is ${release}`;
  if (architecture === 'ARM64' && !hasArmRunner)
    return 'a gitlab-runner for ARM64 as well (GITLAB_RUNNER_BIN_ARM64)';
  return undefined;
}
