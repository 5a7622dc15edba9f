import type { ECSClient, Task } from '@aws-sdk/client-ecs';
import {
  describeTasks,
  type JobTaskFacts,
  listTaskArns,
  type ManagerFacts,
  takesJobs,
  toTaskFacts,
} from '@serverless-gitlab-runner/aws/ecs-tasks';

/** What is decided on, with ECS's own record. */
export interface Recorded<Facts> {
  facts: Facts;
  task: Task;
}

export interface ClusterTasks {
  managers: Recorded<ManagerFacts>[];
  jobTasks: Recorded<JobTaskFacts>[];
}

/** Reads all managed tasks that run, start or stop, and those that ended within the last hour. */
export async function readTasks(ecs: ECSClient, cluster: string): Promise<ClusterTasks> {
  const [running, stopped] = await Promise.all([
    listTaskArns(ecs, cluster, { desiredStatus: 'RUNNING' }),
    listTaskArns(ecs, cluster, { desiredStatus: 'STOPPED' }),
  ]);
  const found: ClusterTasks = { managers: [], jobTasks: [] };
  for (const task of await describeTasks(ecs, cluster, [...running, ...stopped])) {
    const facts = toTaskFacts(task);
    if (facts?.role === 'manager') found.managers.push({ facts, task });
    if (facts?.role === 'job') found.jobTasks.push({ facts, task });
  }
  return found;
}

/** Managers that take jobs, each with its number of job tasks that have not stopped. */
export function takingManagers({ managers, jobTasks }: ClusterTasks): (ManagerFacts & { jobs: number })[] {
  return managers
    .map(({ facts }) => facts)
    .filter(takesJobs)
    .map((manager) => ({ ...manager, jobs: jobsOf(manager, jobTasks) }));
}

/** Number of a manager's job tasks that have a job and have not stopped. */
export function jobsOf({ taskId }: ManagerFacts, jobTasks: ClusterTasks['jobTasks']): number {
  return jobTasks.filter(
    ({ facts }) =>
      facts.managerTaskId === taskId && facts.state !== 'stopped' && facts.unclaimedUntil === undefined,
  ).length;
}
