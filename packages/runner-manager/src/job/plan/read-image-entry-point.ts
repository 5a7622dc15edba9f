import { JobRefusedError, messageOf, SystemFailureError } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { ImageUnavailableError } from '../../registry/read-image-config.ts';
import { RegistryError } from '../../registry/registry-request.ts';
import type { JobTaskShape } from '../../task/task-shape.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import { ENTRY_POINT_ADVICE } from './plan-image-entry-point.ts';
import type { JobTaskPlan } from './plan-job-task.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/**
 * Adds the image's own entry point to the shape of a job's task, if the plan requests it.
 * @throws {JobRefusedError} when the image does not exist, access is denied, or the architecture does not match
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
    const found = entryPoint.length > 0 ? JSON.stringify(entryPoint) : 'none';
    log.info(
      `Image entry point: ${found} (read from ${source.registry} in ${formatSeconds(Date.now() - startedAt)})`,
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
  return new SystemFailureError(
    `The entry point of ${image} could not be read: ${why}. ${ENTRY_POINT_ADVICE}`,
  );
}

function adviceOn(kind: ImageUnavailableError['kind'], access: RegistryAccess | undefined): string {
  if (kind === 'missing') return 'The image does not exist: check its name and tag.';
  if (kind === 'wrong-architecture') return 'Choose another image, or set FARGATE_ARCHITECTURE.';
  return access?.kind === 'secret'
    ? `Only ECS can read the fleet's login (job.registryCredentials), the manager cannot. ${ENTRY_POINT_ADVICE}`
    : `A private image needs a login in DOCKER_AUTH_CONFIG. ${ENTRY_POINT_ADVICE}`;
}
