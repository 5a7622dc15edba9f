import type { Task, TaskOverride } from '@aws-sdk/client-ecs';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { MANAGER_CONTAINER, type TaskTag } from '@serverless-gitlab-runner/fleet';

/** Status of a task in ECS. Times are milliseconds since 1970. */
export interface TaskStatus {
  lastStatus: 'PROVISIONING' | 'RUNNING' | 'DEPROVISIONING' | 'STOPPED';
  desiredStatus: 'RUNNING' | 'STOPPED';
  startedAt?: number;
  stoppingAt?: number;
  stoppedAt?: number;
  exitCode?: number;
  stoppedReason?: string | undefined;
}

/** One version of a field. The history is kept for stale reads. */
interface Version<Value> {
  since: number;
  value: Value;
}

export interface SimulatedTask {
  arn: string;
  id: string;
  /** `foreign` for unmanaged tasks in the same cluster. */
  role: 'manager' | 'job' | 'foreign';
  family: string;
  startedBy: string | undefined;
  group: string | undefined;
  overrides: TaskOverride | undefined;
  /** Its job; of a task that was started ahead, the one that claimed it. */
  jobId: number | undefined;
  createdAt: number;
  status: Version<TaskStatus>[];
  tags: Version<readonly TaskTag[]>[];
}

/** Value of a field at a time. */
export function asOf<Value>(versions: readonly Version<Value>[], time: number): Value | undefined {
  for (let index = versions.length - 1; index >= 0; index -= 1) {
    const version = versions[index];
    if (version !== undefined && version.since <= time) return version.value;
  }
  return undefined;
}

/** The true current status, which only the model knows. */
export function statusOf(task: SimulatedTask): TaskStatus {
  return task.status.at(-1)?.value ?? { lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' };
}

export function tagsOf(task: SimulatedTask): readonly TaskTag[] {
  return task.tags.at(-1)?.value ?? [];
}

export function hasStopped(task: SimulatedTask): boolean {
  return statusOf(task).lastStatus === 'STOPPED';
}

/** Converts a task to the SDK's format, as returned by DescribeTasks. */
export function toSdkTask(task: SimulatedTask, status: TaskStatus, tags: readonly TaskTag[]): Task {
  const { exitCode } = status;
  return {
    taskArn: task.arn,
    taskDefinitionArn: definitionArn(task.family),
    lastStatus: status.lastStatus,
    desiredStatus: status.desiredStatus,
    createdAt: new Date(task.createdAt),
    startedAt: dateOf(status.startedAt),
    stoppingAt: dateOf(status.stoppingAt),
    stoppedAt: dateOf(status.stoppedAt),
    startedBy: task.startedBy,
    group: task.group,
    overrides: task.overrides,
    stoppedReason: status.stoppedReason,
    tags: [...tags],
    containers: exitCode === undefined ? [] : [{ name: MANAGER_CONTAINER, exitCode }],
  };
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
