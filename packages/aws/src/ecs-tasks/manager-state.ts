import { RUNNER_TOKEN_REFUSED_EXIT_CODE } from '@serverless-gitlab-runner/fleet';
import type { ManagerFacts, TaskState } from './task-facts.ts';

/** Whether a task has not come to its end and was not told to. */
export function isAlive(task: { state: TaskState }): boolean {
  return task.state === 'starting' || task.state === 'running';
}

/** Whether queued jobs may count on a manager: it runs or will run, and is not drained. */
export function takesJobs(manager: ManagerFacts): boolean {
  return isAlive(manager) && manager.drainAt === undefined;
}

/** What a manager serves: a fleet with one of its runner tokens. GitLab gives jobs of one token to managers of that token only. */
export interface RunnerQueue {
  fleet: string;
  runnerTokenParameter: string | undefined;
}

/** Whether two managers, or a manager and a wish for one, serve the same queue of jobs. */
export function isSameQueue(one: RunnerQueue, other: RunnerQueue): boolean {
  return one.fleet === other.fleet && one.runnerTokenParameter === other.runnerTokenParameter;
}

/**
 * When the last manager that ended because GitLab refused that fleet's token had started, or undefined. What it read of the
 * token is as old as its start, not as its end: ECS tells the end some seconds later, and a token written in between is new.
 * @param managers stopped ones included
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
