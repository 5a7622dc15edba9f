import {
  type FleetConfig,
  type ImageSource,
  imageSource,
  normalizedPath,
} from '@serverless-gitlab-runner/fleet';
import { JobRefusedError } from '../../errors.ts';
import { ENTRY_POINT_FLAG, type JobOverrides } from '../request/job-overrides.ts';
import type { JobRequest } from '../request/job-request.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/** What to do if the entry point cannot be read. */
export const ENTRY_POINT_ADVICE = `Set \`image: entrypoint:\`, or remove ${ENTRY_POINT_FLAG}.`;

/** Registry source of a job image's entry point, which is read before the task is started. */
export interface ImageEntryPoint {
  source: ImageSource;
  access: RegistryAccess | undefined;
}

/**
 * Decides whether the image's own entry point runs: if the job sets `FF_KUBERNETES_HONOR_ENTRYPOINT` or the fleet sets
 * `job.honorImageEntryPoint`, and the job gives no entry point. Only the image's registry knows it. A job must not choose the
 * hosts that a manager contacts, so only registries that the fleet lists and GitLab's own registry are contacted.
 * @throws {JobRefusedError} when the fleet does not list the image's registry
 * @see https://docs.gitlab.com/runner/configuration/feature-flags/
 */
export function planImageEntryPoint(
  request: JobRequest,
  overrides: JobOverrides,
  { job }: FleetConfig,
  image: string,
  access: RegistryAccess | undefined,
): ImageEntryPoint | undefined {
  const isRequested = overrides.honorImageEntryPoint ?? job.honorImageEntryPoint;
  // An empty list means none, as in GitLab's Docker executor; `[""]` runs the image without an entry point.
  if (!isRequested || request.image?.entrypoint?.length) return undefined;
  const source = imageSource(image);
  if (mayContact(source, request, job)) return { source, access };
  throw new JobRefusedError([
    `The entry point of ${image} is unknown: this fleet does not read image configurations from ${source.registry} (job.imageConfigRegistries). ${ENTRY_POINT_ADVICE}`,
  ]);
}

/** Whether a manager may contact an image's registry: one that the fleet lists, or GitLab's own, which comes with the job. */
export function mayContact(source: ImageSource, request: JobRequest, job: FleetConfig['job']): boolean {
  const ofGitLab = request.credentials
    .filter(({ type }) => type === 'registry')
    .flatMap(({ url }) => hostOf(url));
  return [...job.imageConfigRegistries, ...ofGitLab].includes(source.registry);
}

function hostOf(url: string): string[] {
  return normalizedPath(url).split('/').slice(0, 1);
}
