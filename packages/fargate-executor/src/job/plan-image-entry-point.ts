import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { type ImageSource, imageSource } from '../registry/image-source.ts';
import { normalizedPath } from '../registry/registry-path.ts';
import type { Findings } from './findings.ts';
import type { JobRequest } from './job-request.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/** GitLab Runner's own flag for it, which its Kubernetes executor reads. */
const FLAG = 'FF_KUBERNETES_HONOR_ENTRYPOINT';
/** What to do where it cannot be read. */
export const WAY_OUT = `Name the entry point in \`image: entrypoint:\`, or leave ${FLAG} out.`;

/** From where the entry point of a job's image is read, before its task is started. */
export interface ImageEntryPoint {
  source: ImageSource;
  access: RegistryAccess | undefined;
}

/**
 * Plans whether the image's own entry point is to be run, which only its registry tells: where the job sets
 * `FF_KUBERNETES_HONOR_ENTRYPOINT` or the fleet `job.honorImageEntryPoint`, and the job names none itself. A job names the
 * registry, and a manager shall not ask whom a job likes: only those that the fleet lists, and GitLab's own.
 * @see https://docs.gitlab.com/runner/configuration/feature-flags/
 */
export function planImageEntryPoint(
  request: JobRequest,
  { job }: FleetConfig,
  image: string,
  access: RegistryAccess | undefined,
  findings: Findings,
): ImageEntryPoint | undefined {
  const isWanted = booleanOf(request.variables.get(FLAG)) ?? job.honorImageEntryPoint;
  // An empty list is an answer too: GitLab's way to say that there is none.
  if (!isWanted || request.image?.entrypoint) return undefined;
  const source = imageSource(image);
  if (mayAsk(source, request, job)) return { source, access };
  findings.refusals.push(
    `The entry point of ${image} is not known: this fleet reads no image configurations from ${source.registry} (its job.imageConfigRegistries). ${WAY_OUT}`,
  );
  return undefined;
}

/** Whether a manager may ask an image's registry: those that the fleet lists, and GitLab's own, which comes with the job. */
export function mayAsk(source: ImageSource, request: JobRequest, job: FleetConfig['job']): boolean {
  const ofGitLab = request.credentials.flatMap(({ type, url }) => (type === 'registry' ? hostOf(url) : []));
  return [...job.imageConfigRegistries, ...ofGitLab].includes(source.registry);
}

/** As GitLab Runner reads its flags. */
function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  return ['1', 't', 'true'].includes(text.toLowerCase());
}

function hostOf(url: string): string[] {
  return normalizedPath(url).split('/').slice(0, 1);
}
