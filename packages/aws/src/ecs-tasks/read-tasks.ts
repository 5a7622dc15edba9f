import { DescribeTasksCommand, type ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { type JobTaskFacts, type ManagerFacts, toTaskFacts } from './task-facts.ts';

/** DescribeTasks takes at most 100 tasks a call. */
const TASKS_PER_DESCRIBE = 100;

/** The filters of one ListTasks. ECS takes `startedBy` as an only filter, never with another. */
export type TaskListing = { desiredStatus: 'RUNNING' | 'STOPPED'; family?: string } | { startedBy: string };

/** Our tasks of a cluster, as ECS told; it may lag what was written a moment ago. */
export interface ManagedTasks {
  managers: ManagerFacts[];
  jobTasks: JobTaskFacts[];
}

/** ARNs of the tasks that a listing has: all pages, or those of the first so many tasks. */
export async function listTaskArns(
  ecs: ECSClient,
  cluster: string,
  listing: TaskListing,
  most = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecs.send(new ListTasksCommand({ cluster, ...listing, nextToken }));
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken && arns.length < most);
  return arns;
}

/**
 * Describes tasks with their tags, 100 a call. A task that ECS calls `MISSING` is left out: it may have been started a
 * moment ago, or have been gone for an hour.
 * @param tasks ARNs or ids
 */
export async function describeTasks(
  ecs: ECSClient,
  cluster: string,
  tasks: readonly string[],
): Promise<Task[]> {
  const described: Task[] = [];
  for (let start = 0; start < tasks.length; start += TASKS_PER_DESCRIBE) {
    const chunk = tasks.slice(start, start + TASKS_PER_DESCRIBE);
    const answer = await ecs.send(new DescribeTasksCommand({ cluster, tasks: chunk, include: ['TAGS'] }));
    described.push(...(answer.tasks ?? []));
  }
  return described;
}

/** Lists and describes, and keeps the tasks of our families: a shared cluster has others too, which are not managed here. */
export async function readManagedTasks(
  ecs: ECSClient,
  cluster: string,
  listings: readonly TaskListing[],
): Promise<ManagedTasks> {
  const lists = await Promise.all(listings.map((listing) => listTaskArns(ecs, cluster, listing)));
  return describeManagedTasks(ecs, cluster, [...new Set(lists.flat())]);
}

/**
 * Job tasks that ended within the hour, or are ending: many, where many jobs run, and ECS has no shorter list. So they are
 * read only when a judgement rests on them.
 * @param most about how many tasks are looked at. Default: all
 */
export async function readEndedJobTasks(
  ecs: ECSClient,
  cluster: string,
  most?: number,
): Promise<JobTaskFacts[]> {
  const arns = await listTaskArns(ecs, cluster, { desiredStatus: 'STOPPED' }, most);
  const { jobTasks } = await describeManagedTasks(ecs, cluster, arns);
  return jobTasks;
}

/** Facts about those of the named tasks that exist and are ours. */
export async function describeManagedTasks(
  ecs: ECSClient,
  cluster: string,
  tasks: readonly string[],
): Promise<ManagedTasks> {
  const ours: ManagedTasks = { managers: [], jobTasks: [] };
  for (const task of await describeTasks(ecs, cluster, tasks)) {
    const facts = toTaskFacts(task);
    if (facts?.role === 'manager') ours.managers.push(facts);
    if (facts?.role === 'job') ours.jobTasks.push(facts);
  }
  return ours;
}
