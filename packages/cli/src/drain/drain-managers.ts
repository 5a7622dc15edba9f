import type { ECSClient } from '@aws-sdk/client-ecs';
import { tagTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { toTags } from '@serverless-gitlab-runner/fleet';

/**
 * Marks managers as draining, as the reaper does: they take no new jobs, finish their current ones, and exit. The reaper looks
 * after a job that was assigned to one of them at that moment. Managers that have ended are ignored.
 */
export async function drainManagers(
  ecs: ECSClient,
  cluster: string,
  taskArns: readonly string[],
): Promise<void> {
  const tags = toTags({ drain: new Date().toISOString() });
  for (const arn of taskArns) await tagTask(ecs, cluster, arn, tags);
}
