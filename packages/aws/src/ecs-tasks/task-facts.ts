import type { Task } from '@aws-sdk/client-ecs';
import {
  familyOf,
  isWebhookRunnerToken,
  jobOfGroup,
  MANAGER_CONTAINER,
  MANAGER_ENVIRONMENT,
  ownerOfFamily,
  tagValue,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
import { STOP_REASONS } from './stop-task.ts';

/**
 * Where a task is in its life. `stopping`: ECS or the task itself ends it; its processes may still run.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export type TaskState = 'starting' | 'running' | 'stopping' | 'stopped';

/** What managers and job tasks have in common. Times are milliseconds since 1970. */
interface TaskFacts {
  taskArn: string;
  /** Last part of the ARN. */
  taskId: string;
  fleet: string;
  state: TaskState;
  createdAt: number | undefined;
  startedAt: number | undefined;
  /** When ECS was told to stop it, or saw an essential container end. */
  stoppingAt: number | undefined;
  stoppedAt: number | undefined;
}

/** A task of a fleet's manager family. */
export interface ManagerFacts extends TaskFacts {
  role: 'manager';
  /** The parameter of the runner token it uses; undefined: the fleet's own. */
  runnerTokenParameter: string | undefined;
  /** Its place in the fleet. */
  slot: number | undefined;
  /** The launcher's mark: when a queued job last counted on it. Of one stopped with its marks: when it was stopped. */
  demandAt: number | undefined;
  /** The reaper's mark: from when it takes no new job. */
  drainAt: number | undefined;
  /** Exit code of the manager's container, once it ended. */
  exitCode: number | undefined;
}

/** A task of a family of a fleet's job tasks. */
export interface JobTaskFacts extends TaskFacts {
  role: 'job';
  /** Task id of the manager that started it (`startedBy`). */
  managerTaskId: string | undefined;
  /** GitLab's id of the job. */
  jobId: number | undefined;
  /** Family of its task definition: one for each shape of a fleet's job tasks. */
  family: string;
}

/** By last status; whatever else ECS tells is `starting`. */
const STATES: ReadonlyMap<string | undefined, TaskState> = new Map([
  ['RUNNING', 'running'],
  ['DEACTIVATING', 'stopping'],
  ['STOPPING', 'stopping'],
  ['DEPROVISIONING', 'stopping'],
  ['STOPPED', 'stopped'],
  ['DELETED', 'stopped'],
]);

/**
 * Facts about a task of DescribeTasks (with `include: ["TAGS"]`), or undefined when its family is not one of ours.
 *
 * StopTask deletes a task's tags, so what somebody may have stopped is known by what stays: role and fleet by the family, the
 * job by the group, the manager by `startedBy`, the runner token by the override.
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
    // Stryker disable next-line StringLiteral: any other text that is no job's group says as little
    const jobId = numberOf(tagValue(task.tags, 'jobId')) ?? jobOfGroup(task.group ?? '');
    return { role: 'job', ...common, managerTaskId: task.startedBy, jobId, family };
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

/** The launcher tells each manager its token's parameter by an override, whether it is the fleet's own or not. */
function webhookTokenOf({ tags, overrides }: Task, fleet: string): string | undefined {
  const tagged = tagValue(tags, 'runnerTokenParameter');
  if (tagged !== undefined) return tagged;
  const told = overrides?.containerOverrides
    ?.find(({ name }) => name === MANAGER_CONTAINER)
    ?.environment?.find(({ name }) => name === MANAGER_ENVIRONMENT.runnerTokenParameter)?.value;
  return told !== undefined && isWebhookRunnerToken(told, fleet) ? told : undefined;
}

/**
 * The marks that are written while a manager runs. Of one that StopTask stopped they may be gone. Then it counts as drained if
 * the reaper stopped it, who stops drained ones only; otherwise as relied on to the end: a manager too many, which finds
 * nothing to do and leaves, is better than a job that waits for nobody.
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

/** A task that ECS was told to stop is `stopping`, whatever its containers still do. */
function stateOf(task: Task): TaskState {
  const state = STATES.get(task.lastStatus) ?? 'starting';
  return task.desiredStatus === 'STOPPED' && state !== 'stopped' ? 'stopping' : state;
}

function numberOf(value: string | undefined): number | undefined {
  return value?.match(/^\d{1,15}$/) ? Number(value) : undefined;
}

/** Milliseconds since 1970; undefined when somebody wrote a tag that is not a time. */
function timeOf(value: string | undefined): number | undefined {
  const time = Date.parse(String(value));
  return Number.isNaN(time) ? undefined : time;
}
