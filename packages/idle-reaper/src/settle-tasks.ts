import {
  type JobTaskFacts,
  type ManagerFacts,
  type OurTasks,
  STOP_REASONS,
  stopTask,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { buildEntry } from '@serverless-gitlab-runner/shared-events';
import { drainManager, hasJobTask } from './ecs-acts.ts';
import { managerLimits } from './fleet-facts.ts';
import { judgeJobTask } from './judge-job-task.ts';
import { judgeManager, type ManagerVerdict } from './judge-manager.ts';
import { jobTasksOf, type Sweep } from './sweep-state.ts';

/** The most that a fleet's document allows, for job tasks whose fleet cannot be read. */
export const LONGEST_LIFETIME_SECONDS = 604_800;

/** Judges one job task, and stops it if nobody owns it or it is too old. */
export async function settleJobTask(
  { parts, fleets, world, summary }: Sweep,
  jobTask: JobTaskFacts,
): Promise<void> {
  const owner = world.managers.find(({ taskId }) => taskId === jobTask.managerTaskId);
  const config = fleets?.get(jobTask.fleet)?.config;
  const maxLifetimeSeconds = config?.job.maxLifetimeSeconds ?? LONGEST_LIFETIME_SECONDS;
  const verdict = judgeJobTask({ jobTask, owner, maxLifetimeSeconds, now: parts.now() });
  if (verdict.kind === 'keep') return;
  const { fleet, taskArn, jobId } = jobTask;
  const stopped = await stopTask(parts.ecs, parts.cluster, taskArn, STOP_REASONS[verdict.reason]);
  if (stopped) summary.stopped += 1;
  parts.log('job task stopped', { fleet, taskArn, jobId, reason: verdict.reason, stopped });
}

/** Judges one manager by what the sweep has read. */
export function verdictOn({ parts, fleets, world }: Sweep, manager: ManagerFacts): ManagerVerdict {
  const fleet = fleets?.get(manager.fleet);
  return judgeManager({
    manager,
    jobTasks: jobTasksOf(world, manager),
    limits: managerLimits(fleet),
    fleetExists: fleet !== undefined,
    now: parts.now(),
  });
}

/** Judges one manager, and drains or stops it. */
export async function settleManager(state: Sweep, manager: ManagerFacts): Promise<void> {
  const verdict = verdictOn(state, manager);
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
  if (!(await stopTask(ecs, cluster, taskArn, STOP_REASONS['drain-overdue']))) return;
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

function replace(world: OurTasks, manager: ManagerFacts): void {
  world.managers = world.managers.map((other) => (other.taskArn === manager.taskArn ? manager : other));
}
