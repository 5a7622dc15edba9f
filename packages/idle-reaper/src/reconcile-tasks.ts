import {
  type JobTaskFacts,
  type ManagedTasks,
  type ManagerFacts,
  STOP_REASONS,
  stopTask,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { buildEntry } from '@serverless-gitlab-runner/shared-events';
import { decideJobTask } from './decide-job-task.ts';
import { decideManager, type ManagerDecision } from './decide-manager.ts';
import { drainManager, hasJobTask } from './ecs-actions.ts';
import { managerLimits } from './fleet-facts.ts';
import { jobTasksOf, type Sweep } from './sweep-state.ts';

/** The schema's maximum of `job.maxLifetimeSeconds`, for job tasks whose fleet cannot be read. */
export const MAX_JOB_LIFETIME_SECONDS = 604_800;

/** Stops a job task if it has no manager any more or is too old. */
export async function reconcileJobTask(
  { deps, fleets, clusterState, summary }: Sweep,
  jobTask: JobTaskFacts,
): Promise<void> {
  const owner = clusterState.managers.find(({ taskId }) => taskId === jobTask.managerTaskId);
  const config = fleets?.get(jobTask.fleet)?.config;
  const maxLifetimeSeconds = config?.job.maxLifetimeSeconds ?? MAX_JOB_LIFETIME_SECONDS;
  const decision = decideJobTask({ jobTask, owner, maxLifetimeSeconds, now: deps.now() });
  if (decision.kind === 'keep') return;
  const { fleet, taskArn, jobId } = jobTask;
  const stopped = await stopTask(deps.ecs, deps.cluster, taskArn, STOP_REASONS[decision.reason]);
  if (stopped) summary.stopped += 1;
  deps.log('job task stopped', { fleet, taskArn, jobId, reason: decision.reason, stopped });
}

/** Decides on one manager from the facts that the sweep has read. */
export function decisionFor({ deps, fleets, clusterState }: Sweep, manager: ManagerFacts): ManagerDecision {
  const fleet = fleets?.get(manager.fleet);
  return decideManager({
    manager,
    jobTasks: jobTasksOf(clusterState, manager),
    limits: managerLimits(fleet),
    fleetExists: fleet !== undefined,
    now: deps.now(),
  });
}

/** Drains or stops a manager if necessary. */
export async function reconcileManager(state: Sweep, manager: ManagerFacts): Promise<void> {
  const decision = decisionFor(state, manager);
  if (decision.kind === 'drain') await drain(state, manager, decision);
  if (decision.kind === 'stop') await stop(state, manager);
}

async function drain(
  { deps, clusterState, summary, events }: Sweep,
  manager: ManagerFacts,
  { reason, lastActivityAt, idleSeconds }: Extract<ManagerDecision, { kind: 'drain' }>,
): Promise<void> {
  const drainAt = deps.now();
  const { fleet, taskArn, taskId } = manager;
  // If the call fails, the manager counts as drained in this sweep. At worst, the launcher gets one needless request.
  replace(clusterState, { ...manager, drainAt });
  const drained = await drainManager(deps.ecs, deps.cluster, manager, drainAt);
  replace(clusterState, drained ?? manager);
  if (drained === undefined) return;
  summary.drained += 1;
  const { demandAt } = drained;
  deps.log('manager drained', { fleet, manager: taskId, taskArn, reason, idleSeconds, demandAt });
  events.push(
    buildEntry(deps.eventBusName, 'ManagerDraining', {
      fleet,
      managerTaskArn: taskArn,
      reason,
      idleSeconds,
      lastActivityAt: new Date(lastActivityAt).toISOString(),
      occurredAt: new Date(drainAt).toISOString(),
    }),
  );
}

async function stop({ deps, summary, events }: Sweep, manager: ManagerFacts): Promise<void> {
  const { fleet, taskArn, taskId } = manager;
  const { ecs, cluster, eventBusName, now, log } = deps;
  if (await hasJobTask(ecs, cluster, manager)) {
    log('manager kept', { fleet, manager: taskId, taskArn, because: 'it has a job task' });
    return;
  }
  if (!(await stopTask(ecs, cluster, taskArn, STOP_REASONS['drain-overdue']))) return;
  summary.stopped += 1;
  log('manager stopped', { fleet, manager: taskId, taskArn, reason: 'drain-overdue' });
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

function replace(clusterState: ManagedTasks, manager: ManagerFacts): void {
  clusterState.managers = clusterState.managers.map((other) =>
    other.taskArn === manager.taskArn ? manager : other,
  );
}
