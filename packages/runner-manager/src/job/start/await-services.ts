import { JobRefusedError } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { inSeconds, type JobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';
import type { PlannedService } from '../plan/service-ports.ts';
import { lastLinesOf, tellDeath, untoldDeaths } from '../run/service-deaths.ts';
import type { JobConnection } from './open-connection.ts';

/** Seconds beyond those for which the helper waits that its answer may take. */
const SPARE_SECONDS = 15;

/** What waiting for services needs. */
export interface ServicesWait {
  context: ExecutorContext;
  session: JobSession;
  connection: JobConnection;
  log: JobLog;
  signal: AbortSignal;
}

/**
 * Waits until the session's services listen, as GitLab's docker executor does: on the port that is known, else on any.
 * One that does not in time, or ends, is told with its last lines, and the job goes on.
 * @throws {JobRefusedError} when a service ended since another one has its port
 */
export async function awaitServices(wait: ServicesWait): Promise<void> {
  const { context, session, log } = wait;
  const { waitForServicesSeconds } = context.fleet.job;
  if (session.services.length === 0 || waitForServicesSeconds === 0) return;
  const startedAt = Date.now();
  const deadline = startedAt + waitForServicesSeconds * 1000;
  for (;;) {
    const alive = session.services.filter(({ container }) => !session.toldServices.has(container));
    if (alive.length === 0) return;
    const ports = await listeningOrDead(wait, alive, deadline);
    // What ended without ever listening is known by now: ECS tells of it a moment later than the network.
    if (ports) await context.watcher.look();
    const died = untoldDeaths(session);
    for (const service of died) await tellOrRefuse(wait, service);
    if (!ports) continue;
    const late = alive.filter((service) => !died.includes(service) && !isReady(service, alive, ports));
    for (const service of late) await warnOf(wait, service, waitForServicesSeconds);
    if (late.length + died.length === 0) {
      log.say(`Services are ready after ${inSeconds(Date.now() - startedAt)}`);
    }
    return;
  }
}

/** The ports that are listened on once all services do or the time is up; undefined as soon as a service has ended. */
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
      if (view.kind === 'task' && untoldDeaths(session).length > 0) death.resolve(undefined);
    },
    { closely: true },
  );
  if (untoldDeaths(session).length > 0) death.resolve(undefined);
  const answer = connection.ask(request, { signal: either, deadlineMs: (seconds + SPARE_SECONDS) * 1000 });
  // Its failure counts only if it comes first.
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

/** A service without a known port is ready when there are as many unexplained ports as there are such services. */
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

async function tellOrRefuse({ context, session, log }: ServicesWait, service: PlannedService): Promise<void> {
  const { lines, isPortConflict } = await tellDeath(context, session, service);
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
    `Service ${service.title} does not listen on ${where} after ${seconds} s; the job goes on without it.`,
    ...(await lastLinesOf(context, session, service)),
  ]);
}
