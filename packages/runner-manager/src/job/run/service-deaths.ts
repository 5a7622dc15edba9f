import type { Container, Task } from '@aws-sdk/client-ecs';
import type { ExecutorContext } from '../../executor-context.ts';
import { shipsServices } from '../../task/task-definition.ts';
import type { JobSession } from '../job-session.ts';
import { OTHER_PORT, type PlannedService } from '../plan/service-ports.ts';
import { lastLines } from './last-lines.ts';

const ADDRESS_IN_USE = /address (is )?already in use|EADDRINUSE|port [0-9]+ (is )?already in use/i;

/** Maximum time that a job waits for a service's last lines. */
const LAST_LINES_DEADLINE_MS = 5000;

/** Report for the job log about a service that ended. */
export interface ServiceDeath {
  service: PlannedService;
  lines: readonly string[];
  /** Whether its port was already in use, so that the job cannot work on Fargate as written. */
  isPortConflict: boolean;
}

/** The services of a session that have ended and that the job log has not reported yet. */
export function unreportedDeaths(session: JobSession): PlannedService[] {
  const task = session.task?.lastSeen;
  return session.services.filter(
    ({ container }) => !session.reportedServices.has(container) && endOf(task, container) !== undefined,
  );
}

/** The container of that name if it has ended; its task may still run. */
export function endOf(task: Task | undefined, name: string): Container | undefined {
  const container = task?.containers?.find((each) => each.name === name);
  return container?.lastStatus === 'STOPPED' || container?.exitCode !== undefined ? container : undefined;
}

/** Describes how a service ended, with its last lines, and marks it as reported. */
export async function reportDeath(
  context: ExecutorContext,
  session: JobSession,
  service: PlannedService,
): Promise<ServiceDeath> {
  session.reportedServices.add(service.container);
  const end = endOf(session.task?.lastSeen, service.container);
  const output = await lastLinesOf(context, session, service);
  const isPortConflict = end?.exitCode !== 0 && output.some((line) => ADDRESS_IN_USE.test(line));
  const how = end?.exitCode === undefined ? '' : ` with exit code ${end.exitCode}`;
  const why = end?.reason ? ` (${end.reason})` : '';
  const advice = isPortConflict
    ? [
        `Another service or the helper already uses that port: all containers of a Fargate task share one network. ${OTHER_PORT}`,
      ]
    : [];
  return {
    service,
    isPortConflict,
    lines: [`Service ${service.title} ended${how}${why}.`, ...output, ...advice],
  };
}

/** The last lines of a service, indented under a heading, or why there are none. */
export async function lastLinesOf(
  context: ExecutorContext,
  session: JobSession,
  service: PlannedService,
): Promise<string[]> {
  const last = await readLastLines(context, session, service);
  if (typeof last === 'string') return [last];
  return last.length > 0 ? ['Its last lines:', ...last.map((line) => `  ${line}`)] : ['It has no output.'];
}

/** @returns the lines, or a message why there are none */
async function readLastLines(
  { containerLog, taskDefinition }: ExecutorContext,
  { task, connection }: JobSession,
  { container }: PlannedService,
): Promise<readonly string[] | string> {
  if (task && shipsServices(taskDefinition)) return containerLog(task.arn, container);
  const shape = task?.shape.services.find((each) => each.container === container);
  if (shape?.program === undefined) {
    return "Its output was not kept, because its entry point and command are unknown. Set its `entrypoint:` and `command:`, or the fleet's job.shipServiceOutput.";
  }
  return (
    (await connection?.ask(`tail ${container}`, { signal: AbortSignal.timeout(LAST_LINES_DEADLINE_MS) }).then(
      ({ stdout }) => lastLines(stdout),
      () => undefined,
    )) ?? 'Its last lines could not be read: the connection to the job task was lost.'
  );
}
