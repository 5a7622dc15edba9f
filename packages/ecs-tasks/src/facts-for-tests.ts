import type { JobTaskFacts, ManagerFacts } from './task-facts.ts';

const CLUSTER_TASKS = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/';

/** A task id as ECS makes them, the same for the same number. */
export function taskIdNumber(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** A manager for tests and models: running since 1970 in fleet `default`, without marks, unless told otherwise. */
export function managerFacts(over: Partial<ManagerFacts> = {}): ManagerFacts {
  const taskId = over.taskId ?? taskIdNumber(1);
  return {
    role: 'manager',
    taskArn: `${CLUSTER_TASKS}${taskId}`,
    taskId,
    fleet: 'default',
    state: 'running',
    createdAt: 0,
    startedAt: 0,
    stoppingAt: undefined,
    stoppedAt: undefined,
    runnerTokenParameter: undefined,
    slot: undefined,
    demandAt: undefined,
    drainAt: undefined,
    exitCode: undefined,
    ...over,
  };
}

/** A job task for tests and models: running, of manager 1, unless told otherwise. */
export function jobTaskFacts(over: Partial<JobTaskFacts> = {}): JobTaskFacts {
  const taskId = over.taskId ?? taskIdNumber(1001);
  return {
    role: 'job',
    taskArn: `${CLUSTER_TASKS}${taskId}`,
    taskId,
    fleet: 'default',
    state: 'running',
    createdAt: 0,
    startedAt: 0,
    stoppingAt: undefined,
    stoppedAt: undefined,
    managerTaskId: taskIdNumber(1),
    jobId: undefined,
    ...over,
  };
}
