import type { ConformanceCase, Suite } from './conformance-case.ts';
import { isOlder } from './runner-release.ts';

/** Facts about the runner that determine which cases can run. */
export interface RunnerSupport {
  /** Release of GitLab Runner. */
  release: string;
  /** Whether a runner for helpers on ARM64 exists. */
  hasArmRunner: boolean;
}

/** Returns why a case cannot run, or undefined if it can. */
export function skipReason(
  { since }: Pick<ConformanceCase, 'since'>,
  { architecture }: Pick<Suite, 'architecture'>,
  { release, hasArmRunner }: RunnerSupport,
): string | undefined {
  if (since !== undefined && isOlder(release, since))
    return `requires gitlab-runner ${since}, found ${release}`;
  if (architecture === 'ARM64' && !hasArmRunner)
    return 'requires a gitlab-runner for ARM64, too (GITLAB_RUNNER_BIN_ARM64)';
  return undefined;
}
