import { taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { TaskTag } from '@serverless-gitlab-runner/fleet';
import type { Clock } from '../clock.ts';
import { hasStopped, type SimulatedTask, statusOf, type TaskStatus } from './simulated-task.ts';

/** Events of ECS for the model of the processes in tasks. */
export interface EcsListener {
  onCreated?(task: SimulatedTask): void;
  onTagged?(task: SimulatedTask): void;
  onStopRequested?(task: SimulatedTask): void;
  onStopped?(task: SimulatedTask): void;
}

/** The true state of the cluster's tasks. */
export interface TaskStore {
  readonly tasks: readonly SimulatedTask[];
  readonly listeners: EcsListener[];
  add(start: NewTask, tags: readonly TaskTag[]): SimulatedTask;
  setStatus(task: SimulatedTask, change: Partial<TaskStatus>): void;
  /** Finds a task by ARN or id, except those that ECS has forgotten. */
  find(key: string | undefined): SimulatedTask | undefined;
  /** Whether ECS has forgotten the task, an hour after its end. */
  isForgotten(task: SimulatedTask): boolean;
}

export type NewTask = Pick<SimulatedTask, 'role' | 'family' | 'startedBy' | 'group' | 'overrides' | 'jobId'>;

const HOUR_MS = 3_600_000;
const CLUSTER_TASKS = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/';

export function createTaskStore(clock: Clock): TaskStore {
  const tasks: SimulatedTask[] = [];
  const listeners: EcsListener[] = [];
  const byKey = new Map<string, SimulatedTask>();

  const isForgotten = (task: SimulatedTask) => {
    const { stoppedAt } = statusOf(task);
    return stoppedAt !== undefined && clock.now() - stoppedAt > HOUR_MS;
  };

  return {
    tasks,
    listeners,
    isForgotten,
    add(start, tags) {
      const id = taskIdNumber(tasks.length + 1);
      const since = clock.now();
      const status: TaskStatus = { lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' };
      const task: SimulatedTask = {
        ...start,
        id,
        arn: `${CLUSTER_TASKS}${id}`,
        createdAt: since,
        status: [{ since, value: status }],
        tags: [{ since, value: tags }],
      };
      tasks.push(task);
      byKey.set(task.id, task).set(task.arn, task);
      for (const listener of listeners) listener.onCreated?.(task);
      return task;
    },
    setStatus(task, change) {
      if (hasStopped(task)) return;
      task.status.push({ since: clock.now(), value: { ...statusOf(task), ...change } });
      if (hasStopped(task)) for (const listener of listeners) listener.onStopped?.(task);
    },
    find(key) {
      const task = byKey.get(key ?? '');
      return task && !isForgotten(task) ? task : undefined;
    },
  };
}
