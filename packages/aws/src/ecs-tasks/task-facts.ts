import type { Task } from '@aws-sdk/client-ecs';
import {
  familyOf,
  isAheadGroup,
  isWebhookRunnerToken,
  jobOfGroup,
  MANAGER_CONTAINER,
  MANAGER_ENVIRONMENT,
  ownerOfFamily,
  tagValue,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
import { jobOfStopReason, STOP_REASONS } from './stop-task.ts';

/**
 * A task's state in its lifecycle. `stopping`: ECS or the task itself ends it; its processes may still run.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export type TaskState = 'starting' | 'running' | 'stopping' | 'stopped';

/** Common facts of managers and job tasks. Times are milliseconds since 1970. */
interface TaskFacts {
  taskArn: string;
  /** Last part of the ARN. */
  taskId: string;
  fleet: string;
  state: TaskState;
  createdAt: number | undefined;
  startedAt: number | undefined;
  /** When ECS was asked to stop it, or saw an essential container end. */
  stoppingAt: number | undefined;
  stoppedAt: number | undefined;
}

/** A task of a fleet's manager family. */
export interface ManagerFacts extends TaskFacts {
  role: 'manager';
  /** Parameter of the runner token that it uses; undefined: the fleet's own token. */
  runnerTokenParameter: string | undefined;
  /** Its slot in the fleet. */
  slot: number | undefined;
  /** The launcher's mark: when a queued job last relied on it. If StopTask deleted its marks: when it was stopped. */
  demandAt: number | undefined;
  /** The reaper's mark: when it was drained, after which it takes no new job. */
  drainAt: number | undefined;
  /** Exit code of the manager's container, once it has ended. */
  exitCode: number | undefined;
}

/** A task of a family of a fleet's job tasks. */
export interface JobTaskFacts extends TaskFacts {
  role: 'job';
  /** Task id of the manager that started it (`startedBy`). */
  managerTaskId: string | undefined;
  /** GitLab's id of the job. */
  jobId: number | undefined;
  /** Until when it waits for a job; undefined unless it was started ahead and no job has claimed it. */
  unclaimedUntil: number | undefined;
  /** Family of its task definition; each shape of a fleet's job tasks has its own. */
  family: string;
}

/** States by last status. Any other status is `starting`. */
const STATES: ReadonlyMap<string | undefined, TaskState> = new Map([
  ['RUNNING', 'running'],
  ['DEACTIVATING', 'stopping'],
  ['STOPPING', 'stopping'],
  ['DEPROVISIONING', 'stopping'],
  ['STOPPED', 'stopped'],
  ['DELETED', 'stopped'],
]);

/**
 * Facts about a task from DescribeTasks (with `include: ["TAGS"]`), or undefined if its family is not managed.
 *
 * StopTask deletes a task's tags, so the facts of a task that may have been stopped come from what remains: role and fleet from
 * the family, the job from the group or the reason of its stop, the manager from `startedBy`, the runner token from the override.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
 */
export function toTaskFacts(task: Task): ManagerFacts | JobTaskFacts | undefined {
  const { taskArn, taskDefinitionArn } = task;
  if (taskArn === undefined || taskDefinitionArn === undefined) return undefined;
  const family = familyOf(taskDefinitionArn);
  const owner = ownerOfFamily(family);
  if (owner === undefined) return undefined;
  const common: TaskFacts = {
    taskArn,
    taskId: taskIdOf(taskArn),
    fleet: owner.fleet,
    state: stateOf(task),
    createdAt: task.createdAt?.getTime(),
    startedAt: task.startedAt?.getTime(),
    stoppingAt: task.stoppingAt?.getTime(),
    stoppedAt: task.stoppedAt?.getTime(),
  };
  if (owner.role === 'job') {
    const jobId = jobOf(task);
    const unclaimedUntil = jobId === undefined ? unclaimedUntilOf(task) : undefined;
    return { role: 'job', ...common, managerTaskId: task.startedBy, jobId, unclaimedUntil, family };
  }
  return {
    role: 'manager',
    ...common,
    runnerTokenParameter: webhookTokenOf(task, owner.fleet),
    slot: numberOf(tagValue(task.tags, 'slot')),
    ...marksOf(task),
    exitCode: task.containers?.find((container) => container.name === MANAGER_CONTAINER)?.exitCode,
  };
}

function jobOf({ tags, group, stoppedReason }: Task): number | undefined {
  const tagged = numberOf(tagValue(tags, 'jobId'));
  // Stryker disable next-line StringLiteral: any other text that names no job has the same result
  return tagged ?? jobOfGroup(group ?? '') ?? jobOfStopReason(stoppedReason ?? '');
}

/**
 * A task that was started ahead counts as claimed if StopTask has deleted its tags, unless it was stopped because no job had
 * claimed it: its manager may still be busy with its job.
 */
// Stryker disable next-line StringLiteral: any other text that is no group of ours has the same result
function unclaimedUntilOf({ tags, group = '', stoppedReason, stoppingAt }: Task): number | undefined {
  if (!isAheadGroup(group)) return undefined;
  if (tagValue(tags, 'role') !== undefined) return timeOf(tagValue(tags, 'ahead')) ?? 0;
  const isUnclaimed =
    stoppedReason === STOP_REASONS['not-claimed'] || stoppedReason === STOP_REASONS['claim-overdue'];
  return isUnclaimed ? (stoppingAt?.getTime() ?? 0) : undefined;
}

/** The launcher passes each manager its token's parameter in an override, including the fleet's own. */
function webhookTokenOf({ tags, overrides }: Task, fleet: string): string | undefined {
  const tagged = tagValue(tags, 'runnerTokenParameter');
  if (tagged !== undefined) return tagged;
  const overridden = overrides?.containerOverrides
    ?.find(({ name }) => name === MANAGER_CONTAINER)
    ?.environment?.find(({ name }) => name === MANAGER_ENVIRONMENT.runnerTokenParameter)?.value;
  return overridden !== undefined && isWebhookRunnerToken(overridden, fleet) ? overridden : undefined;
}

/**
 * The marks that are written while a manager runs. StopTask may have deleted them. The manager then counts as drained if the
 * reaper stopped it, since the reaper stops drained managers only. Otherwise it counts as having had demand until its end: a
 * needless manager, which finds no job and leaves, is better than a job without a manager.
 */
function marksOf(task: Task): Pick<ManagerFacts, 'demandAt' | 'drainAt'> {
  const hasMarks = tagValue(task.tags, 'role') !== undefined;
  if (hasMarks || task.desiredStatus !== 'STOPPED') {
    return { demandAt: timeOf(tagValue(task.tags, 'demand')), drainAt: timeOf(tagValue(task.tags, 'drain')) };
  }
  const endedAt = (task.stoppingAt ?? task.stoppedAt)?.getTime();
  return task.stoppedReason === STOP_REASONS['drain-overdue']
    ? { demandAt: undefined, drainAt: endedAt }
    : { demandAt: endedAt, drainAt: undefined };
}

/** A task whose desired status is STOPPED is `stopping`, even if its containers still run. */
function stateOf(task: Task): TaskState {
  const state = STATES.get(task.lastStatus) ?? 'starting';
  return task.desiredStatus === 'STOPPED' && state !== 'stopped' ? 'stopping' : state;
}

function numberOf(value: string | undefined): number | undefined {
  return value?.match(/^\d{1,15}$/) ? Number(value) : undefined;
}

/** Milliseconds since 1970; undefined if the tag's value is not a time. */
function timeOf(value: string | undefined): number | undefined {
  const time = Date.parse(String(value));
  return Number.isNaN(time) ? undefined : time;
}
