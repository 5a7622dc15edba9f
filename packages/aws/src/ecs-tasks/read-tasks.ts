import { DescribeTasksCommand, type ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { type JobTaskFacts, type ManagerFacts, toTaskFacts } from './task-facts.ts';

/** DescribeTasks accepts at most 100 tasks a call. */
const TASKS_PER_DESCRIBE = 100;

/** The filters of one ListTasks. ECS accepts `startedBy` only without any other filter. */
export type TaskListing = { desiredStatus: 'RUNNING' | 'STOPPED'; family?: string } | { startedBy: string };

/** The managed tasks of a cluster, as ECS returned them. ECS's reads may lag its writes. */
export interface ManagedTasks {
  managers: ManagerFacts[];
  jobTasks: JobTaskFacts[];
}

/** Tasks that ended within the last hour or are stopping. */
export interface EndedTasks extends ManagedTasks {
  /** False if there were more than may be read. */
  areAll: boolean;
}

/**
 * Lists the ARNs of matching tasks, over all pages.
 * @param maxTasks number of tasks after which no further page is read. Default: unlimited
 */
export async function listTaskArns(
  ecs: ECSClient,
  cluster: string,
  listing: TaskListing,
  maxTasks = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ecs.send(new ListTasksCommand({ cluster, ...listing, nextToken }));
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken && arns.length < maxTasks);
  return arns;
}

/**
 * Describes tasks with their tags, 100 a call. A task that ECS reports as `MISSING` is left out: it was started seconds ago, or
 * ended over an hour ago.
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

/** Lists and describes managed tasks. Other tasks in a shared cluster are left out. */
export async function readManagedTasks(
  ecs: ECSClient,
  cluster: string,
  listings: readonly TaskListing[],
): Promise<ManagedTasks> {
  const lists = await Promise.all(listings.map((listing) => listTaskArns(ecs, cluster, listing)));
  return describeManagedTasks(ecs, cluster, [...new Set(lists.flat())]);
}

/**
 * Reads tasks that ended within the last hour or are stopping. There may be many, and ECS has no shorter list, so they are
 * read only when a decision depends on them.
 * @param maxTasks approximate number of tasks to read. Default: all
 */
export async function readEndedTasks(
  ecs: ECSClient,
  cluster: string,
  maxTasks = Number.POSITIVE_INFINITY,
): Promise<EndedTasks> {
  const arns = await listTaskArns(ecs, cluster, { desiredStatus: 'STOPPED' }, maxTasks);
  const tasks = await describeManagedTasks(ecs, cluster, arns);
  return { managers: tasks.managers, jobTasks: tasks.jobTasks, areAll: arns.length < maxTasks };
}

/** Facts about the given tasks that exist and are managed. */
export async function describeManagedTasks(
  ecs: ECSClient,
  cluster: string,
  tasks: readonly string[],
): Promise<ManagedTasks> {
  const managed: ManagedTasks = { managers: [], jobTasks: [] };
  for (const task of await describeTasks(ecs, cluster, tasks)) {
    const facts = toTaskFacts(task);
    if (facts?.role === 'manager') managed.managers.push(facts);
    if (facts?.role === 'job') managed.jobTasks.push(facts);
  }
  return managed;
}
