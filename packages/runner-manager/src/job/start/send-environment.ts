import { SystemFailureError } from '../../errors.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';
import type { ServiceVariable } from '../plan/service-variables.ts';
import { inSeconds, type JobLog } from '../run/job-log.ts';
import type { JobConnection } from './open-connection.ts';

/**
 * The most bytes of a service's variables. Linux starts no program whose variables and arguments come to more than 2 MiB;
 * the image's own variables and its arguments need some of it.
 */
export const LARGEST_ENVIRONMENT_BYTES = 1 << 20;
/** Bytes of one variable with its name, from which on Linux starts no program (`MAX_ARG_STRLEN`). */
export const LARGEST_VARIABLE_BYTES = 131_072;

/** A service's variables as its agent reads them: their number, and each as `NAME=value`, all ended by NUL. */
export function encodeEnvironment(variables: readonly ServiceVariable[]): string {
  const entries = variables.map(({ name, value }) => `${name}=${value}`);
  return [String(entries.length), ...entries].map((entry) => `${entry}\0`).join('');
}

/**
 * Sends each service that starts through its agent its variables, over the job's connection: so they are in no task
 * definition and no override, lie on no disk, and are gone with the task. The helper keeps them until the service reads.
 * @throws {SystemFailureError} when the helper does not take them
 */
export async function sendEnvironments(
  connection: JobConnection,
  { shape, serviceVariables }: JobTaskPlan,
  log: JobLog,
  signal: AbortSignal,
): Promise<void> {
  const started = shape.services.filter(({ program }) => program !== undefined);
  if (started.length === 0) return;
  const startedAt = Date.now();
  const environments = started.map(({ container }) => {
    const bytes = encodeEnvironment(serviceVariables.get(container) ?? []);
    return { bytes, name: `${container} ${Buffer.byteLength(bytes)}` };
  });
  const { stderr } = await connection.ask(`service ${environments.map(({ name }) => name).join(' ')}`, {
    input: environments.map(({ bytes }) => bytes).join(''),
    signal,
  });
  if (!stderr.includes('job-helper: taken')) {
    throw new SystemFailureError(`the helper did not take the variables of the services: ${stderr.trim()}`);
  }
  log.say(
    `Sent ${started.length === 1 ? 'the service its' : `${started.length} services their`} variables in ${inSeconds(Date.now() - startedAt)}`,
  );
}
