import type { ECSClient } from '@aws-sdk/client-ecs';
import { failureName } from '@serverless-gitlab-runner/aws-calls';
import type { JobTaskFacts, ManagerFacts, OurTasks, Serving } from '@serverless-gitlab-runner/ecs-tasks';
import {
  buildEntry,
  type EventEntry,
  type ManagerRequestCause,
} from '@serverless-gitlab-runner/shared-events';
import { drainManager, hasJobTask, stopTask } from './ecs-acts.ts';
import { type FleetFacts, managerLimits } from './fleet-facts.ts';
import { judgeFleet } from './judge-fleet.ts';
import { judgeJobTask } from './judge-job-task.ts';
import { judgeManager, type ManagerVerdict } from './judge-manager.ts';
import { judgeReplacement } from './judge-replacement.ts';

export interface SweepParts {
  ecs: ECSClient;
  cluster: string;
  eventBusName: string;
  readWorld(): Promise<OurTasks>;
  readFleets(report: (fleet: string, problem: string) => void): Promise<Map<string, FleetFacts>>;
  publish(entries: readonly EventEntry[]): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
  log(message: string, fields: Record<string, unknown>): void;
}

/** What one sweep saw and did. */
export interface SweepSummary {
  managers: number;
  jobTasks: number;
  drained: number;
  stopped: number;
  requested: number;
  failures: number;
}

/** Something of a sweep failed. The rest was done; the next sweep tries again, and the alarm on errors tells. */
export class SweepIncompleteError extends Error {
  override readonly name = 'SweepIncompleteError';
}

interface Sweep {
  parts: SweepParts;
  /** Undefined: SSM did not tell. Then nothing is judged by a fleet's limits. */
  fleets: ReadonlyMap<string, FleetFacts> | undefined;
  world: OurTasks;
  summary: SweepSummary;
  events: EventEntry[];
}

/** The most that a fleet's document allows, for job tasks whose fleet cannot be read. */
const LONGEST_LIFETIME_SECONDS = 604_800;

/**
 * Looks at everything once, judges, and acts. A failing call ends that step and no other.
 * @throws {SweepIncompleteError} at the end, when a step failed
 */
export async function sweep(parts: SweepParts): Promise<SweepSummary> {
  const summary = { managers: 0, jobTasks: 0, drained: 0, stopped: 0, requested: 0, failures: 0 };
  const attempt = attempting(parts, summary);
  const report = (fleet: string, problem: string) => {
    summary.failures += 1;
    parts.log('fleet invalid', { fleet, problem });
  };
  const [world, fleets] = await Promise.all([
    attempt('read tasks', () => parts.readWorld()),
    attempt('read fleets', () => parts.readFleets(report)),
  ]);
  if (world !== undefined) {
    summary.managers = world.managers.length;
    summary.jobTasks = world.jobTasks.length;
    const state: Sweep = { parts, fleets, world, summary, events: [] };
    for (const jobTask of world.jobTasks)
      await attempt('job task', () => settleJobTask(state, jobTask), jobTask.taskArn);
    if (fleets !== undefined) {
      for (const manager of [...world.managers])
        await attempt('manager', () => settleManager(state, manager), manager.taskArn);
      requestManagers(state, fleets);
    }
    await attempt('publish events', () => parts.publish(state.events));
  }
  parts.log('sweep', { ...summary });
  if (summary.failures > 0)
    throw new SweepIncompleteError(
      `${summary.failures} steps of the sweep failed: see the lines before this one`,
    );
  return summary;
}

function attempting({ log }: SweepParts, summary: SweepSummary) {
  return async <Result>(
    step: string,
    act: () => Promise<Result>,
    taskArn?: string,
  ): Promise<Result | undefined> => {
    try {
      return await act();
    } catch (error) {
      summary.failures += 1;
      const problem = error instanceof Error ? error.message : String(error);
      log('step failed', { step, taskArn, failure: failureName(error), problem });
      return undefined;
    }
  };
}

async function settleJobTask({ parts, fleets, world, summary }: Sweep, jobTask: JobTaskFacts): Promise<void> {
  const owner = world.managers.find(({ taskId }) => taskId === jobTask.managerTaskId);
  const config = fleets?.get(jobTask.fleet)?.config;
  const maxLifetimeSeconds = config?.job.maxLifetimeSeconds ?? LONGEST_LIFETIME_SECONDS;
  const verdict = judgeJobTask({ jobTask, owner, maxLifetimeSeconds, now: parts.now() });
  if (verdict.kind === 'keep') return;
  const { fleet, taskArn, jobId } = jobTask;
  const stopped = await stopTask(parts.ecs, parts.cluster, taskArn, verdict.reason);
  if (stopped) summary.stopped += 1;
  parts.log('job task stopped', { fleet, taskArn, jobId, reason: verdict.reason, stopped });
}

async function settleManager(state: Sweep, manager: ManagerFacts): Promise<void> {
  const { parts, fleets, world } = state;
  const fleet = fleets?.get(manager.fleet);
  const verdict = judgeManager({
    manager,
    jobTasks: jobTasksOf(world, manager),
    limits: managerLimits(fleet),
    fleetExists: fleet !== undefined,
    now: parts.now(),
  });
  if (verdict.kind === 'drain') await drain(state, manager, verdict);
  if (verdict.kind === 'stop') await stop(state, manager);
}

async function drain(
  { parts, world, summary, events }: Sweep,
  manager: ManagerFacts,
  { reason, lastActivityAt, idleSeconds }: Extract<ManagerVerdict, { kind: 'drain' }>,
): Promise<void> {
  const drainAt = parts.now();
  const { fleet, taskArn } = manager;
  // What is not known of the drain's success is taken for a drain: the launcher is then asked once too often.
  replace(world, { ...manager, drainAt });
  const drained = await drainManager(parts.ecs, parts.cluster, manager, drainAt);
  replace(world, drained ?? manager);
  if (drained === undefined) return;
  summary.drained += 1;
  parts.log('manager drained', { fleet, taskArn, reason, idleSeconds, demandAt: drained.demandAt });
  events.push(
    buildEntry(parts.eventBusName, 'ManagerDraining', {
      fleet,
      managerTaskArn: taskArn,
      reason,
      idleSeconds,
      lastActivityAt: new Date(lastActivityAt).toISOString(),
      occurredAt: new Date(drainAt).toISOString(),
    }),
  );
}

async function stop({ parts, summary, events }: Sweep, manager: ManagerFacts): Promise<void> {
  const { fleet, taskArn } = manager;
  const { ecs, cluster, eventBusName, now, log } = parts;
  if (await hasJobTask(ecs, cluster, manager)) {
    log('manager kept', { fleet, taskArn, because: 'it has a job task after all' });
    return;
  }
  if (!(await stopTask(ecs, cluster, taskArn, 'drain-overdue'))) return;
  summary.stopped += 1;
  log('manager stopped', { fleet, taskArn, reason: 'drain-overdue' });
  const from = manager.startedAt ?? manager.createdAt;
  events.push(
    buildEntry(eventBusName, 'ManagerStopped', {
      fleet,
      managerTaskArn: taskArn,
      reason: 'drain-overdue',
      seconds: from === undefined ? undefined : Math.max(0, (now() - from) / 1000),
      occurredAt: new Date(now()).toISOString(),
    }),
  );
}

/** One request for each fleet and token: the launcher counts what is there itself. */
function requestManagers(state: Sweep, fleets: ReadonlyMap<string, FleetFacts>): void {
  const { parts, world } = state;
  const now = parts.now();
  const requested = new Set<string>();
  const request = (
    serving: Serving,
    cause: ManagerRequestCause,
    requestKey: string,
    managerTaskArn?: string,
  ) => {
    const { fleet, runnerTokenParameter } = serving;
    const key = `${fleet} ${runnerTokenParameter ?? ''}`;
    if (requested.has(key)) return;
    requested.add(key);
    addRequest(state, { fleet, runnerTokenParameter, cause, requestKey, managerTaskArn });
  };
  for (const manager of world.managers) {
    const fleet = fleets.get(manager.fleet);
    const jobTasks = jobTasksOf(world, manager);
    const verdict = judgeReplacement({ manager, jobTasks, managers: world.managers, fleet, now });
    if (verdict.kind === 'request') request(manager, verdict.cause, verdict.requestKey, manager.taskArn);
  }
  for (const fleet of fleets.values()) {
    const verdict = judgeFleet({ fleet, managers: world.managers, now });
    if (verdict.kind === 'request')
      request({ fleet: fleet.name, runnerTokenParameter: undefined }, verdict.cause, verdict.requestKey);
  }
}

function addRequest(
  { parts, summary, events }: Sweep,
  detail: Serving & { cause: ManagerRequestCause; requestKey: string; managerTaskArn: string | undefined },
): void {
  summary.requested += 1;
  parts.log('manager requested', { ...detail });
  const occurredAt = new Date(parts.now()).toISOString();
  events.push(buildEntry(parts.eventBusName, 'ManagerRequested', { ...detail, occurredAt }));
}

function jobTasksOf({ jobTasks }: OurTasks, { taskId }: ManagerFacts): JobTaskFacts[] {
  return jobTasks.filter(({ managerTaskId }) => managerTaskId === taskId);
}

function replace(world: OurTasks, manager: ManagerFacts): void {
  world.managers = world.managers.map((other) => (other.taskArn === manager.taskArn ? manager : other));
}
