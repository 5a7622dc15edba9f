import type { ECSClient } from '@aws-sdk/client-ecs';
import {
  describeManagedTasks,
  listTaskArns,
  type ManagerFacts,
  tagTask,
} from '@serverless-gitlab-runner/aws/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';

/** Whether ECS now lists a task that this manager started. Checked right before a stop, since earlier lists may lag. */
export async function hasJobTask(
  ecs: ECSClient,
  cluster: string,
  { taskId }: ManagerFacts,
): Promise<boolean> {
  const arns = await listTaskArns(ecs, cluster, { startedBy: taskId });
  return arns.length > 0;
}

/**
 * Writes the drain mark and then reads the manager again. The launcher writes its demand mark before it reads the drain, so at
 * least one of the two sees the other's mark.
 * @param drainAt milliseconds since 1970
 * @returns the manager with its drain mark and the newest demand; undefined if it had already ended
 */
export async function drainManager(
  ecs: ECSClient,
  cluster: string,
  manager: ManagerFacts,
  drainAt: number,
): Promise<ManagerFacts | undefined> {
  const { taskArn } = manager;
  const tags = toTags({ drain: new Date(drainAt).toISOString() });
  if (!(await tagTask(ecs, cluster, taskArn, tags))) return undefined;
  const { managers } = await describeManagedTasks(ecs, cluster, [taskArn]);
  // A stale read may lack the mark that was just written.
  return { ...(managers[0] ?? manager), drainAt };
}
