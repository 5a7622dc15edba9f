import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError } from '../../errors.ts';
import { type ImageSource, imageSource } from '../../registry/image-source.ts';
import { normalizedPath } from '../../registry/registry-path.ts';
import { ENTRY_POINT_FLAG, type JobOverrides } from '../request/job-overrides.ts';
import type { JobRequest } from '../request/job-request.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/** What to do where it cannot be read. */
export const WAY_OUT = `Name the entry point in \`image: entrypoint:\`, or leave ${ENTRY_POINT_FLAG} out.`;

/** From where the entry point of a job's image is read, before its task is started. */
export interface ImageEntryPoint {
  source: ImageSource;
  access: RegistryAccess | undefined;
}

/**
 * Plans whether the image's own entry point is to be run, which only its registry tells: where the job sets
 * `FF_KUBERNETES_HONOR_ENTRYPOINT` or the fleet `job.honorImageEntryPoint`, and the job names none itself. A job must
 * not choose the hosts that a manager contacts: only those that the fleet lists, and GitLab's own registry.
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
  const isWanted = overrides.honorImageEntryPoint ?? job.honorImageEntryPoint;
  // An empty list is none, as with GitLab's Docker executor; `[""]` is the way to run the image without one.
  if (!isWanted || request.image?.entrypoint?.length) return undefined;
  const source = imageSource(image);
  if (mayAsk(source, request, job)) return { source, access };
  throw new JobRefusedError([
    `The entry point of ${image} is not known: this fleet reads no image configurations from ${source.registry} (its job.imageConfigRegistries). ${WAY_OUT}`,
  ]);
}

/** Whether a manager may ask an image's registry: those that the fleet lists, and GitLab's own, which comes with the job. */
export function mayAsk(source: ImageSource, request: JobRequest, job: FleetConfig['job']): boolean {
  const ofGitLab = request.credentials
    .filter(({ type }) => type === 'registry')
    .flatMap(({ url }) => hostOf(url));
  return [...job.imageConfigRegistries, ...ofGitLab].includes(source.registry);
}

function hostOf(url: string): string[] {
  return normalizedPath(url).split('/').slice(0, 1);
}
