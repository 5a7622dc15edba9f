import {
  DescribeTasksCommand,
  type ECSClient,
  paginateListTasks,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';

/** DescribeTasks accepts at most 100 tasks per call. */
const TASKS_PER_DESCRIBE = 100;

/** A cluster's tasks that have not stopped, including stopping ones: DeleteCluster counts these. */
export interface ActiveTasks {
  readonly managers: readonly Task[];
  /** Job tasks, and any other tasks in the cluster. */
  readonly others: readonly Task[];
}

/** Tasks of a cluster that have not stopped. A cluster that does not exist has none. */
export async function activeTasks(ecs: ECSClient, cluster: string): Promise<ActiveTasks> {
  const arns = new Set<string>();
  try {
    for (const desiredStatus of ['RUNNING', 'STOPPED'] as const) {
      for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, desiredStatus }))
        for (const arn of taskArns) arns.add(arn);
    }
  } catch (error) {
    if ((error as Error).name !== 'ClusterNotFoundException') throw error;
  }
  const tasks = (await describe(ecs, cluster, [...arns])).filter(
    ({ lastStatus }) => lastStatus !== 'STOPPED',
  );
  return { managers: tasks.filter(isManager), others: tasks.filter((task) => !isManager(task)) };
}

async function describe(ecs: ECSClient, cluster: string, arns: readonly string[]): Promise<Task[]> {
  const described: Task[] = [];
  for (let start = 0; start < arns.length; start += TASKS_PER_DESCRIBE) {
    const tasks = arns.slice(start, start + TASKS_PER_DESCRIBE);
    described.push(...((await ecs.send(new DescribeTasksCommand({ cluster, tasks }))).tasks ?? []));
  }
  return described;
}

/** Decides by the task's group, which remains when ECS deletes the tags of a stopping task. */
function isManager({ group = '' }: Task): boolean {
  return group.startsWith(`family:${MANAGER_FAMILY_PREFIX}`);
}

/** Stops tasks, managers first: a manager that lost a job task would start another. */
export async function stop(
  ecs: ECSClient,
  cluster: string,
  { managers, others }: ActiveTasks,
): Promise<void> {
  const reason = 'sgr destroy: the installation is being removed';
  for (const { taskArn: task, desiredStatus } of [...managers, ...others]) {
    if (desiredStatus === 'STOPPED') continue;
    await ignoringEndedTask(ecs.send(new StopTaskCommand({ cluster, task, reason })));
  }
}

async function ignoringEndedTask(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!/^(InvalidParameter|ResourceNotFound|Client)Exception$/.test((error as Error).name)) throw error;
  }
}
