import type { Container, Task } from '@aws-sdk/client-ecs';
import type { ExecutorContext } from '../executor-context.ts';
import type { JobSession } from './job-session.ts';
import { OTHER_PORT, type PlannedService } from './service-ports.ts';

const ADDRESS_IN_USE = /address (is )?already in use|EADDRINUSE|port [0-9]+ (is )?already in use/i;

/** What the job log tells of a service that ended. */
export interface ServiceDeath {
  service: PlannedService;
  lines: readonly string[];
  /** Whether it found its port taken: as the job is written, it cannot work here. */
  isPortConflict: boolean;
}

/** The services of a session that have ended, as far as the job log has not told yet. */
export function untoldDeaths(session: JobSession): PlannedService[] {
  const task = session.task?.lastSeen;
  return session.services.filter(
    ({ container }) => !session.toldServices.has(container) && endOf(task, container) !== undefined,
  );
}

/** A container that has ended while its task may go on. */
export function endOf(task: Task | undefined, name: string): Container | undefined {
  const container = task?.containers?.find((each) => each.name === name);
  return container?.lastStatus === 'STOPPED' || container?.exitCode !== undefined ? container : undefined;
}

/** Says how a service ended, with its last lines; the session remembers that it was told. */
export async function tellDeath(
  context: ExecutorContext,
  session: JobSession,
  service: PlannedService,
): Promise<ServiceDeath> {
  session.toldServices.add(service.container);
  const end = endOf(session.task?.lastSeen, service.container);
  const output = await lastLinesOf(context, session, service);
  const isPortConflict = end?.exitCode !== 0 && output.some((line) => ADDRESS_IN_USE.test(line));
  const how = end?.exitCode === undefined ? '' : ` with exit code ${end.exitCode}`;
  const why = end?.reason ? ` (${end.reason})` : '';
  const advice = isPortConflict
    ? [
        `Another service or the helper has that port: all containers of a Fargate task share one network. ${OTHER_PORT}`,
      ]
    : [];
  return {
    service,
    isPortConflict,
    lines: [`Service ${service.title} ended${how}${why}.`, ...output, ...advice],
  };
}

/** The last lines of a service, indented, under a heading; or why there are none. */
export async function lastLinesOf(
  { containerLog, taskDefinition }: ExecutorContext,
  session: JobSession,
  { container }: PlannedService,
): Promise<string[]> {
  if (taskDefinition.logGroup === undefined) {
    return ['Its output is not kept: the manager has no JOB_LOG_GROUP.'];
  }
  const lines = session.task ? await containerLog(session.task.arn, container) : [];
  return lines.length > 0 ? ['Its last lines:', ...lines.map((line) => `  ${line}`)] : ['It wrote nothing.'];
}
