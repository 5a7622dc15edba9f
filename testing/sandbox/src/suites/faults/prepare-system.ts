import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { managerFamily } from '@serverless-gitlab-runner/fleet';
import type { System } from '../../system/deploy-system.ts';

/** Seconds after which a message whose launcher died becomes visible again; 360 as deployed. */
const VISIBILITY_SECONDS = 10;

/** ARN of the managers' task role. */
export async function managerRoleOf({ ecs, fleet }: System): Promise<string> {
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: managerFamily(fleet) });
  const { taskDefinition } = await ecs.send(command);
  return taskDefinition?.taskRoleArn ?? '';
}

/** Shortens the queue's visibility timeout, so that a run need not wait six minutes for an unfinished message. */
export async function shortenVisibility(sqs: SQSClient, queueUrl: string): Promise<void> {
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queueUrl,
      Attributes: { VisibilityTimeout: String(VISIBILITY_SECONDS) },
    }),
  );
}
