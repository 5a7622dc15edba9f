import { type ECSClient, paginateListTasks } from '@aws-sdk/client-ecs';
import { stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Stops every job task that this manager started and does not know of, before it leaves. It never fails: the reaper is there. */
export async function stopLeftOverTasks(
  ecs: ECSClient,
  cluster: string,
  startedBy: string,
  logger: Logger,
): Promise<void> {
  try {
    // startedBy as the only filter: ECS refuses it beside others, and lists running tasks only unless told otherwise.
    for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, startedBy })) {
      for (const taskArn of taskArns) {
        logger.warn('a job task was left over', { taskArn });
        await stopTask(ecs, cluster, taskArn, 'the manager of this job task is leaving');
      }
    }
  } catch (error) {
    logger.error('left-over job tasks could not be stopped: the reaper will', { error: messageOf(error) });
  }
}
