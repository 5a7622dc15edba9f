import { SystemFailureError } from '../../errors.ts';
import { inSeconds, type JobLog } from '../job-log.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';
import type { ServiceVariable } from '../plan/service-variables.ts';
import type { JobConnection } from './open-connection.ts';

/** A service's variables as its agent reads them: their number, and each as `NAME=value`, all ended by NUL. */
function* encodeEnvironment(variables: readonly ServiceVariable[]): Generator<string> {
  yield `${variables.length}\0`;
  for (const { name, value } of variables) yield `${name}=${value}\0`;
}

function bytesOf(variables: readonly ServiceVariable[]): number {
  let bytes = 0;
  for (const entry of encodeEnvironment(variables)) bytes += Buffer.byteLength(entry);
  return bytes;
}

/** The environments one after the other. Never all at once in memory: they may be 8 MiB, of as many jobs as start at once. */
function* encodeAll(environments: readonly (readonly ServiceVariable[])[]): Generator<string> {
  for (const variables of environments) yield* encodeEnvironment(variables);
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
  const environments = started.map(({ container }) => serviceVariables.get(container) ?? []);
  const sizes = started.map(({ container }, index) => `${container} ${bytesOf(environments[index] ?? [])}`);
  const { stderr } = await connection.ask(`service ${sizes.join(' ')}`, {
    input: encodeAll(environments),
    signal,
  });
  if (!stderr.includes('job-helper: taken')) {
    throw new SystemFailureError(`the helper did not take the variables of the services: ${stderr.trim()}`);
  }
  log.say(
    `Sent ${started.length === 1 ? 'the service its' : `${started.length} services their`} variables in ${inSeconds(Date.now() - startedAt)}`,
  );
}
