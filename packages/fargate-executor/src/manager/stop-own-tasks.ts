import { type ECSClient, paginateListTasks } from '@aws-sdk/client-ecs';
import { stopTask } from '../job/stop-job-task.ts';

/**
 * Stops every job task that this manager started, known or not.
 * @returns how many there were
 */
export async function stopOwnTasks(ecs: ECSClient, cluster: string, startedBy: string): Promise<number> {
  let stopped = 0;
  // startedBy as the only filter: ECS refuses it beside others, and lists running tasks only unless told otherwise.
  for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, startedBy })) {
    for (const taskArn of taskArns)
      await stopTask(ecs, cluster, taskArn, 'the manager of this job task is leaving');
    stopped += taskArns.length;
  }
  return stopped;
}
