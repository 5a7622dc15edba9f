import type { ECSClient } from '@aws-sdk/client-ecs';
import { describeManagedTasks, type ManagerFacts, tagTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';

/**
 * Writes the demand mark on managers and then reads them again. The reaper writes its drain mark before it reads the demand, so
 * at least one of the two sees the other's mark.
 * @param demandAt milliseconds since 1970
 * @returns the managers as they are after the write, without those that have gone
 */
export async function markDemand(
  ecs: ECSClient,
  cluster: string,
  managers: readonly ManagerFacts[],
  demandAt: number,
): Promise<ManagerFacts[]> {
  const tags = toTags({ demand: new Date(demandAt).toISOString() });
  const marked: string[] = [];
  for (const { taskArn } of managers) if (await tagTask(ecs, cluster, taskArn, tags)) marked.push(taskArn);
  const read = await describeManagedTasks(ecs, cluster, marked);
  return read.managers;
}
