import type { Task } from '@aws-sdk/client-ecs';
import { MANAGER_CONTAINER, tagValue, taskIdOf } from '@serverless-gitlab-runner/fleet';

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

/** A task tagged `role: manager`. */
export interface ManagerFacts extends TaskFacts {
  role: 'manager';
  /** The parameter of the runner token it uses; undefined: the fleet's own. */
  runnerTokenParameter: string | undefined;
  /** Its place in the fleet. */
  slot: number | undefined;
  /** The launcher's mark: when a queued job last counted on it. */
  demandAt: number | undefined;
  /** The reaper's mark: from when it takes no new job. */
  drainAt: number | undefined;
  /** Exit code of the manager's container, once it ended. */
  exitCode: number | undefined;
}

/** A task tagged `role: job`. */
export interface JobTaskFacts extends TaskFacts {
  role: 'job';
  /** Task id of the manager that started it (`startedBy`). */
  managerTaskId: string | undefined;
  /** GitLab's id of the job. */
  jobId: number | undefined;
}

const STATES: Readonly<Record<string, TaskState>> = {
  PROVISIONING: 'starting',
  PENDING: 'starting',
  ACTIVATING: 'starting',
  RUNNING: 'running',
  DEACTIVATING: 'stopping',
  STOPPING: 'stopping',
  DEPROVISIONING: 'stopping',
  STOPPED: 'stopped',
  DELETED: 'stopped',
};

/** Facts about a task of DescribeTasks (with `include: ["TAGS"]`), or undefined when its tags do not say that it is ours. */
export function toTaskFacts(task: Task): ManagerFacts | JobTaskFacts | undefined {
  const fleet = tagValue(task.tags, 'fleet');
  const { taskArn } = task;
  if (taskArn === undefined || fleet === undefined) return undefined;
  const common: TaskFacts = {
    taskArn,
    taskId: taskIdOf(taskArn),
    fleet,
    state: stateOf(task),
    createdAt: task.createdAt?.getTime(),
    startedAt: task.startedAt?.getTime(),
    stoppingAt: task.stoppingAt?.getTime(),
    stoppedAt: task.stoppedAt?.getTime(),
  };
  switch (tagValue(task.tags, 'role')) {
    case 'manager':
      return { role: 'manager', ...common, ...managerTags(task) };
    case 'job':
      return {
        role: 'job',
        ...common,
        managerTaskId: task.startedBy,
        jobId: numberOf(tagValue(task.tags, 'jobId')),
      };
    default:
      return undefined;
  }
}

function managerTags(task: Task) {
  return {
    runnerTokenParameter: tagValue(task.tags, 'runnerTokenParameter'),
    slot: numberOf(tagValue(task.tags, 'slot')),
    demandAt: timeOf(tagValue(task.tags, 'demand')),
    drainAt: timeOf(tagValue(task.tags, 'drain')),
    exitCode: task.containers?.find((container) => container.name === MANAGER_CONTAINER)?.exitCode,
  };
}

/** A task that ECS was told to stop is `stopping`, whatever its containers still do. */
function stateOf(task: Task): TaskState {
  const state = STATES[task.lastStatus ?? ''] ?? 'starting';
  return task.desiredStatus === 'STOPPED' && state !== 'stopped' ? 'stopping' : state;
}

function numberOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Milliseconds since 1970; undefined when somebody wrote a tag that is not a time. */
function timeOf(value: string | undefined): number | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}
