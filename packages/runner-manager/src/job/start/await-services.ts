import { JobRefusedError } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';
import type { PlannedService } from '../plan/service-ports.ts';
import { lastLinesOf, reportDeath, unreportedDeaths } from '../run/service-deaths.ts';
import type { JobConnection } from './open-connection.ts';

/** Seconds that the helper's answer may take after its own wait. */
const ANSWER_MARGIN_SECONDS = 15;

export interface ServicesWait {
  context: ExecutorContext;
  session: JobSession;
  connection: JobConnection;
  log: JobLog;
  signal: AbortSignal;
}

/**
 * Waits until the session's services listen, as GitLab's Docker executor does: on the known port, else on any. A service that
 * ends or does not listen in time is reported with its last lines, and the job continues.
 * @throws {JobRefusedError} when a service ended because another one uses its port
 */
export async function awaitServices(wait: ServicesWait): Promise<void> {
  const { context, session, log } = wait;
  const { waitForServicesSeconds } = context.fleet.job;
  if (session.services.length === 0 || waitForServicesSeconds === 0) return;
  const startedAt = Date.now();
  const deadline = startedAt + waitForServicesSeconds * 1000;
  for (;;) {
    const alive = session.services.filter(({ container }) => !session.reportedServices.has(container));
    if (alive.length === 0) return;
    const ports = await listeningOrDead(wait, alive, deadline);
    // A service may have ended without ever listening: ECS reports it slightly later than the network does.
    if (ports) await context.watcher.poll();
    const died = unreportedDeaths(session);
    for (const service of died) await reportOrRefuse(wait, service);
    if (!ports) continue;
    const late = alive.filter((service) => !died.includes(service) && !isReady(service, alive, ports));
    for (const service of late) await warnOf(wait, service, waitForServicesSeconds);
    if (late.length + died.length === 0) {
      log.info(`Services are ready after ${formatSeconds(Date.now() - startedAt)}`);
    }
    return;
  }
}

/** The open ports once all services listen or the time is up; undefined as soon as a service has ended. */
async function listeningOrDead(
  { context, session, connection, signal }: ServicesWait,
  alive: readonly PlannedService[],
  deadline: number,
): Promise<number[] | undefined> {
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  const known = alive.flatMap(({ port }) => port ?? []);
  const seconds = Math.max(0, Math.ceil((deadline - Date.now()) / 1000));
  const request = ['await-ports', seconds, alive.length - known.length, ...known].join(' ');
  const death = Promise.withResolvers<undefined>();
  const unwatch = context.watcher.watch(
    session.task?.arn ?? '',
    (view) => {
      if (view.kind === 'task' && unreportedDeaths(session).length > 0) death.resolve(undefined);
    },
    { closely: true },
  );
  if (unreportedDeaths(session).length > 0) death.resolve(undefined);
  const deadlineMs = (seconds + ANSWER_MARGIN_SECONDS) * 1000;
  const answer = connection.ask(request, { signal: either, deadlineMs });
  // A failure only matters if it comes first.
  answer.catch(() => {});
  try {
    const first = await Promise.race([answer, death.promise]);
    return first && portsIn(first.stdout);
  } finally {
    settled.abort();
    unwatch();
  }
}

function portsIn(stdout: string): number[] {
  const [, list = ''] = /^ports:((?: \d{1,5})*)$/m.exec(stdout) ?? [];
  return list.split(' ').filter(Boolean).map(Number);
}

/** Services without a known port are ready when at least as many other ports are open. */
function isReady(
  { port }: PlannedService,
  all: readonly PlannedService[],
  ports: readonly number[],
): boolean {
  if (port !== undefined) return ports.includes(port);
  const known = all.flatMap((service) => service.port ?? []);
  const others = ports.filter((each) => !known.includes(each));
  return others.length >= all.length - known.length;
}

async function reportOrRefuse(
  { context, session, log }: ServicesWait,
  service: PlannedService,
): Promise<void> {
  const { lines, isPortConflict } = await reportDeath(context, session, service);
  if (isPortConflict) throw new JobRefusedError(lines);
  log.warn(lines);
}

async function warnOf(
  { context, session, log }: ServicesWait,
  service: PlannedService,
  seconds: number,
): Promise<void> {
  const where = service.port === undefined ? 'any TCP port' : `port ${service.port}`;
  log.warn([
    `Service ${service.title} does not listen on ${where} after ${seconds} s; the job continues without waiting for it.`,
    ...(await lastLinesOf(context, session, service)),
  ]);
}
