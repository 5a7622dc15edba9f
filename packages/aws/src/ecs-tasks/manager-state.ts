import { RUNNER_TOKEN_REFUSED_EXIT_CODE } from '@serverless-gitlab-runner/fleet';
import type { ManagerFacts, TaskState } from './task-facts.ts';

/** Whether a task has neither stopped nor is stopping. */
export function isAlive(task: { state: TaskState }): boolean {
  return task.state === 'starting' || task.state === 'running';
}

/** Whether queued jobs may be assigned to a manager: it runs or will run, and is not drained. */
export function takesJobs(manager: ManagerFacts): boolean {
  return isAlive(manager) && manager.drainAt === undefined;
}

/** The queue that a manager serves: a fleet with one of its runner tokens. GitLab gives a token's jobs only to its managers. */
export interface RunnerQueue {
  fleet: string;
  runnerTokenParameter: string | undefined;
}

/** Whether two managers, or a manager and a request for one, belong to the same queue of jobs. */
export function isSameQueue(one: RunnerQueue, other: RunnerQueue): boolean {
  return one.fleet === other.fleet && one.runnerTokenParameter === other.runnerTokenParameter;
}

/**
 * The start time of the last manager that ended because GitLab refused this token, or undefined. The start counts, not the end,
 * since the manager read the token when it started. ECS reports the end some seconds later, and a token written in between is
 * new.
 * @param managers including stopped ones
 */
export function tokenRefusedAt(
  managers: readonly ManagerFacts[],
  runnerQueue: RunnerQueue,
): number | undefined {
  const times = managers
    .filter(
      (manager) => isSameQueue(manager, runnerQueue) && manager.exitCode === RUNNER_TOKEN_REFUSED_EXIT_CODE,
    )
    .flatMap((manager) => manager.startedAt ?? manager.createdAt ?? manager.stoppedAt ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}
