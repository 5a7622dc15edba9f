import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError, messageOf, SystemFailureError } from '../errors.ts';
import type { ExecutorContext } from '../executor-context.ts';
import { type ImageSource, imageSource } from '../registry/image-source.ts';
import { ImageUnavailableError } from '../registry/read-image-config.ts';
import { RegistryError } from '../registry/registry-request.ts';
import type { Findings } from './findings.ts';
import { inSeconds, type JobLog } from './job-log.ts';
import type { JobRequest } from './job-request.ts';
import type { JobTaskPlan, JobTaskShape } from './plan-job-task.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';
import { normalizedPath } from './registry-path.ts';

/** GitLab Runner's own flag for it, which its Kubernetes executor reads. */
const FLAG = 'FF_KUBERNETES_HONOR_ENTRYPOINT';
const WAY_OUT = `Name the entry point in \`image: entrypoint:\`, or leave ${FLAG} out.`;

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
  const ofGitLab = request.credentials.flatMap(({ type, url }) => (type === 'registry' ? hostOf(url) : []));
  if ([...job.imageConfigRegistries, ...ofGitLab].includes(source.registry)) return { source, access };
  findings.refusals.push(
    `The entry point of ${image} is not known: this fleet reads no image configurations from ${source.registry} (its job.imageConfigRegistries). ${WAY_OUT}`,
  );
  return undefined;
}

/** As GitLab Runner reads its flags. */
function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  return ['1', 't', 'true'].includes(text.toLowerCase());
}

function hostOf(url: string): string[] {
  return normalizedPath(url).split('/').slice(0, 1);
}

/**
 * The shape of a job's task, with the image's own entry point where that is to be run.
 * @throws {JobRefusedError} when the image is not there, not for this job, or not for this architecture
 * @throws {SystemFailureError} when the registry failed
 */
export async function withImageEntryPoint(
  { imageConfigs }: ExecutorContext,
  { shape, imageEntryPoint }: JobTaskPlan,
  log: JobLog,
): Promise<JobTaskShape> {
  if (!imageEntryPoint) return shape;
  const { source, access } = imageEntryPoint;
  const startedAt = Date.now();
  const login = access?.kind === 'login' ? access : undefined;
  try {
    const { entryPoint } = await imageConfigs(source, shape.architecture, login);
    const words = entryPoint.length > 0 ? JSON.stringify(entryPoint) : 'none';
    log.say(
      `The image's own entry point: ${words} (asked ${source.registry} in ${inSeconds(Date.now() - startedAt)})`,
    );
    return entryPoint.length > 0 ? { ...shape, entryPoint } : shape;
  } catch (error) {
    throw explained(error, shape.image, access);
  }
}

function explained(error: unknown, image: string, access: RegistryAccess | undefined): Error {
  if (error instanceof ImageUnavailableError)
    return new JobRefusedError([
      `The entry point of ${image} could not be read: ${error.message}`,
      adviceOn(error.kind, access),
    ]);
  const why = error instanceof RegistryError ? error.message : messageOf(error);
  return new SystemFailureError(`The entry point of ${image} could not be read: ${why}. ${WAY_OUT}`);
}

function adviceOn(kind: ImageUnavailableError['kind'], access: RegistryAccess | undefined): string {
  if (kind === 'missing') return 'There is no such image: check its name and tag.';
  if (kind === 'wrong-architecture') return 'Choose another image, or set FARGATE_ARCHITECTURE.';
  return access?.kind === 'secret'
    ? `The fleet's login (job.registryCredentials) is AWS's to read, not the manager's. ${WAY_OUT}`
    : `A private image needs its login in DOCKER_AUTH_CONFIG. ${WAY_OUT}`;
}
