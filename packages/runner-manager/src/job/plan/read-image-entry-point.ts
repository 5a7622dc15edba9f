import { JobRefusedError, messageOf, SystemFailureError } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { ImageUnavailableError } from '../../registry/read-image-config.ts';
import { RegistryError } from '../../registry/registry-request.ts';
import type { JobTaskShape } from '../../task/task-shape.ts';
import { inSeconds, type JobLog } from '../job-log.ts';
import { WAY_OUT } from './plan-image-entry-point.ts';
import type { JobTaskPlan } from './plan-job-task.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

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
