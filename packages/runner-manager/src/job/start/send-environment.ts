import { SystemFailureError } from '../../errors.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';
import type { ServiceVariable } from '../plan/service-variables.ts';
import type { JobConnection } from './open-connection.ts';

/** Encodes a service's variables for its agent: their number, then each as `NAME=value`, all terminated by NUL. */
function* encodeEnvironment(variables: readonly ServiceVariable[]): Generator<string> {
  yield `${variables.length}\0`;
  for (const { name, value } of variables) yield `${name}=${value}\0`;
}

function bytesOf(variables: readonly ServiceVariable[]): number {
  let bytes = 0;
  for (const entry of encodeEnvironment(variables)) bytes += Buffer.byteLength(entry);
  return bytes;
}

/** Encodes one environment after the other, to save memory: they may be 8 MiB for each job that starts concurrently. */
function* encodeAll(environments: readonly (readonly ServiceVariable[])[]): Generator<string> {
  for (const variables of environments) yield* encodeEnvironment(variables);
}

/**
 * Sends their variables to the services that start through the service agent, over the job's connection. So they are in no task
 * definition, no override and on no disk, and disappear with the task. The helper keeps them until the service reads them.
 * @throws {SystemFailureError} when the helper does not accept them
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
  const environments = started.map(({ container }) => serviceVariables.get(container) ?? []);
  const sizes = started.map(({ container }, index) => `${container} ${bytesOf(environments[index] ?? [])}`);
  const { stderr } = await connection.ask(`service ${sizes.join(' ')}`, {
    input: encodeAll(environments),
    signal,
  });
  if (!stderr.includes('job-helper: taken')) {
    throw new SystemFailureError(`The helper did not accept the services' variables: ${stderr.trim()}`);
  }
  log.info(
    `Sent variables to ${started.length === 1 ? 'the service' : `${started.length} services`} in ${formatSeconds(Date.now() - startedAt)}`,
  );
}
