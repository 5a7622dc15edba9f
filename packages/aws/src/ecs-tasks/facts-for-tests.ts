import { jobFamilyPrefix } from '@serverless-gitlab-runner/fleet';
import type { JobTaskFacts, ManagerFacts, TaskState } from './task-facts.ts';

const CLUSTER_TASKS = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/';
const running: TaskState = 'running';

/** ARN of a family's first task definition, for example of `managerFamily('default')`. */
export function definitionArn(family: string): string {
  return `arn:aws:ecs:eu-west-1:111122223333:task-definition/${family}:1`;
}

/** A task id in ECS's format, the same for the same number. */
export function taskIdNumber(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** A task of fleet `default`, running since 1970. */
function taskFacts(taskId: string) {
  return {
    taskArn: `${CLUSTER_TASKS}${taskId}`,
    taskId,
    fleet: 'default',
    state: running,
    createdAt: 0,
    startedAt: 0,
    stoppingAt: undefined,
    stoppedAt: undefined,
  };
}

/** A manager for tests and models. Default: number 1, running since 1970, without marks. */
export function managerFacts(over: Partial<ManagerFacts> = {}): ManagerFacts {
  return {
    role: 'manager',
    ...taskFacts(over.taskId ?? taskIdNumber(1)),
    runnerTokenParameter: undefined,
    slot: undefined,
    demandAt: undefined,
    drainAt: undefined,
    exitCode: undefined,
    ...over,
  };
}

/** A job task for tests and models. Default: running, of manager number 1. */
export function jobTaskFacts(over: Partial<JobTaskFacts> = {}): JobTaskFacts {
  return {
    role: 'job',
    ...taskFacts(over.taskId ?? taskIdNumber(1001)),
    managerTaskId: taskIdNumber(1),
    jobId: undefined,
    unclaimedUntil: undefined,
    family: `${jobFamilyPrefix('default')}0a1b`,
    ...over,
  };
}
