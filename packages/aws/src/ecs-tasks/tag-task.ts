import { type ECSClient, TagResourceCommand } from '@aws-sdk/client-ecs';
import type { TaskTag } from '@serverless-gitlab-runner/fleet';
import { unlessEnded } from './stop-task.ts';

/**
 * Writes tags on a task and replaces those with the same keys.
 * @returns false if the task had already ended or was ending
 */
export async function tagTask(
  ecs: ECSClient,
  cluster: string,
  taskArn: string,
  tags: TaskTag[],
): Promise<boolean> {
  return unlessEnded(ecs, cluster, taskArn, () =>
    ecs.send(new TagResourceCommand({ resourceArn: taskArn, tags })),
  );
}
