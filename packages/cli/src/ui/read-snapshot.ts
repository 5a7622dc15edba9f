import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import type { ListedFleet } from '@serverless-gitlab-runner/fleet';
import type { Clients } from '../clients.ts';
import { gitlabUrlsOf, readFleets } from '../fleets.ts';
import type { Installation } from '../installation.ts';
import { sumCosts } from '../jobs/sum-costs.ts';
import { type FleetStatus, fleetStatus, readQueue } from '../status/read-status.ts';
import { warningsOf } from '../status/render-status.ts';
import { readTasks } from '../tasks.ts';
import { isOver, jobRows } from './job-rows.ts';
import { createLogHistory } from './log-history.ts';
import type { FleetRow, JobRow, ManagerRow, Snapshot } from './snapshot.ts';
import { TaskMemory } from './task-memory.ts';

/** Fleets change with deployments only. */
const FLEETS_MS = 60_000;
/** Lines of what ECS or the queue has just shown may still come. */
const SETTLING_MS = 60_000;
/** How often logs are read while nothing changes. */
const QUIET_LOGS_MS = 30_000;
/** Rows of ended jobs; a page with more is slow, and nobody reads it. */
const MAX_ENDED = 500;

export interface SnapshotOptions {
  /** How far back it reaches. */
  hours: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Returns a function that reads what the page shows. It reads tasks and queues each time, but of the logs only what is new, and
 * seldom while nothing happens.
 */
export function createSnapshotReader(
  { ecs, logs, sqs, ssm }: Clients,
  installation: Installation,
  { hours, now }: SnapshotOptions,
): () => Promise<Snapshot> {
  const { region, cluster, parameterPrefix } = installation;
  const memory = new TaskMemory();
  const history = createLogHistory(logs, installation);
  const cache = createTimedCache<ListedFleet[]>({ now, maxAgeMs: FLEETS_MS });
  const fleetsOf = async () => {
    const known = cache.get(parameterPrefix);
    if (known) return known;
    const fleets = await readFleets(ssm, parameterPrefix);
    cache.set(parameterPrefix, fleets);
    return fleets;
  };
  const activity: Activity = { seen: '', changedAt: 0, logsReadAt: undefined };
  return async () => {
    const at = now();
    const since = at - hours * 3_600_000;
    const [listed, tasks, queue] = await Promise.all([
      fleetsOf(),
      readTasks(ecs, cluster),
      readQueue(sqs, installation),
    ]);
    memory.remember(tasks, since);
    note(activity, JSON.stringify([[...memory.jobTasks.values()], queue.messages]), at);
    if (areLogsDue(activity, at)) {
      await history.read(at, since);
      activity.logsReadAt = at;
    }
    const runs = history.runs();
    const fleets = listed.map((fleet) => fleetStatus(fleet, parameterPrefix));
    const rows = jobRows({
      now: at,
      runs: runs.jobs,
      arrivals: history.arrivals(),
      ended: history.ended(),
      tasks: memory.jobTasks,
      messages: queue.messages,
      gitlabUrls: gitlabUrlsOf(listed),
    });
    const jobs = shownRows(rows);
    const managers = memory.managers.sort((one, other) => (other.requestedAt ?? 0) - (one.requestedAt ?? 0));
    return {
      ...{ at, region, hours, queue, managers, jobs },
      fleets: fleets.map((fleet) => fleetRow(fleet, managers, rows)),
      warnings: warningsOf({ fleets, queue }),
      omittedJobs: rows.length - jobs.length,
      costs: sumCosts(runs, 'project'),
      isCut: runs.isCut,
    };
  };
}

/** What was seen to happen. Times are milliseconds since 1970. */
export interface Activity {
  /** Tasks and number of messages. */
  seen: string;
  changedAt: number;
  /** Undefined: never. */
  logsReadAt: number | undefined;
}

function note(activity: Activity, seen: string, now: number): void {
  if (activity.seen === seen) return;
  activity.seen = seen;
  activity.changedAt = now;
}

/** Whether logs are read: while something happens, and now and then. */
export function areLogsDue({ changedAt, logsReadAt }: Omit<Activity, 'seen'>, now: number): boolean {
  return logsReadAt === undefined || now - changedAt <= SETTLING_MS || now - logsReadAt >= QUIET_LOGS_MS;
}

function shownRows(rows: readonly JobRow[]): JobRow[] {
  const ended = rows.filter(isOver).slice(0, MAX_ENDED);
  return [...rows.filter((row) => !isOver(row)), ...ended];
}

function fleetRow(fleet: FleetStatus, managers: readonly ManagerRow[], jobs: readonly JobRow[]): FleetRow {
  const isRunning = (job: JobRow) => job.state === 'starting' || job.state === 'running';
  return {
    ...fleet,
    managers: managers.filter((one) => one.fleet === fleet.name && one.state !== 'stopped').length,
    jobs: jobs.filter((job) => job.fleet === fleet.name && isRunning(job)).length,
  };
}
