import { jobTaskFacts, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { LaunchFacts } from '../../src/index.ts';

export const now = 1_000_000;

/** A fleet of two managers with two jobs each; by default nothing runs and nothing is requested. */
export function facts(over: Partial<LaunchFacts> = {}): LaunchFacts {
  return {
    runnerQueue: { fleet: 'default', runnerTokenParameter: undefined },
    max: 2,
    concurrentJobs: 2,
    idleSeconds: 300,
    maxLifetimeSeconds: 86_400,
    endedTasks: undefined,
    managers: [],
    jobTasks: [],
    requests: [],
    expectedJobs: [],
    startedJobs: new Set(),
    mayLaunch: true,
    now,
    ...over,
  };
}

/** The manager in that slot. */
export const manager = (number: number, over: Parameters<typeof managerFacts>[0] = {}) =>
  managerFacts({ taskId: taskIdNumber(number), slot: number, ...over });
/** A task of that job, of that manager. */
export const jobTask = (number: number, ofManager: number, over: Parameters<typeof jobTaskFacts>[0] = {}) =>
  jobTaskFacts({
    taskId: taskIdNumber(1000 + number),
    jobId: number,
    managerTaskId: taskIdNumber(ofManager),
    ...over,
  });
/** Recent requests for jobs of these numbers, oldest first; event ids are `e<number>`. */
export const jobs = (...numbers: number[]) =>
  numbers.map((jobId, index) => ({ eventId: `e${jobId}`, jobId, requestedAt: now - 1000 + index }));
/** A request without a job. */
export const withoutJob = { eventId: 'without-job', jobId: undefined, requestedAt: 0 };
