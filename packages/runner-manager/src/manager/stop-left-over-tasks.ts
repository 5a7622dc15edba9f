import type { Logger } from '@aws-lambda-powertools/logger';
import { type ECSClient, paginateListTasks } from '@aws-sdk/client-ecs';
import { stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { messageOf } from '../errors.ts';

/** Stops the job tasks that this manager started and did not stop, before it leaves. Never rejects: the reaper stops the rest. */
export async function stopLeftOverTasks(
  ecs: ECSClient,
  cluster: string,
  startedBy: string,
  logger: Logger,
): Promise<void> {
  try {
    // ECS refuses startedBy together with other filters, and by default lists running tasks only.
    for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, startedBy })) {
      for (const taskArn of taskArns) {
        logger.warn('stopping a left-over job task', { taskArn });
        await stopTask(ecs, cluster, taskArn, 'the manager of this job task is leaving');
      }
    }
  } catch (error) {
    logger.error('could not stop left-over job tasks; the reaper will', { error: messageOf(error) });
  }
}
