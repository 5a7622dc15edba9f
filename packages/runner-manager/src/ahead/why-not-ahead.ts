import { type FleetConfig, isComparable } from '@serverless-gitlab-runner/fleet';
import type { RegistryAccess } from '../job/plan/plan-registry-logins.ts';
import { imagesOf, type JobTaskShape } from '../task/task-shape.ts';

export interface AheadCandidate {
  shape: JobTaskShape;
  registryLogins: ReadonlyMap<string, RegistryAccess>;
  /** Environment in RunTask's override, by container. */
  overrides: ReadonlyMap<string, unknown>;
}

/**
 * Why a task like this one is never started ahead, as the end of a sentence; undefined if it may be. It must not differ between
 * jobs, give away a login or permissions, or run another image than a new task would.
 */
export function whyNotAhead(
  { shape, registryLogins, overrides }: AheadCandidate,
  fleet: Pick<FleetConfig, 'ahead' | 'job'>,
): string | undefined {
  const [login] = [...registryLogins].flatMap(([image, { kind }]) => (kind === 'login' ? image : []));
  if (login !== undefined) return `only the job has the login for ${login}`;
  if (overrides.size > 0)
    return "a service's variables go through the RunTask override, which differs between jobs";
  if (shape.taskRoleArn !== undefined && !fleet.ahead.withTaskRole)
    return 'its task has an IAM role (ahead.withTaskRole)';
  const unknown = imagesOf(shape).find((image) => !isComparable(image, fleet));
  if (unknown === undefined) return undefined;
  return `the tag of ${unknown} may move, and its registry is not asked (job.imageConfigRegistries, ahead.tagsAreFixed)`;
}
