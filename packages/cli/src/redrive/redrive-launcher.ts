import { setTimeout } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { OperationError } from '../operation-error.ts';

export interface RedriveLauncherOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly deadLettersUrl: string;
  readonly log: (line: string) => void;
  /** Milliseconds between two polls. Default 2000. */
  readonly pollMs?: number;
}

/**
 * Moves the launcher's dead letters back into its queue, and waits until all are moved. The destination is named explicitly: SQS
 * does not know the source of messages that the launcher or EventBridge sent to the dead-letter queue directly, and would fail at
 * the first of them.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 * @returns the number of moved messages
 * @throws {OperationError} when SQS did not move all messages
 */
export async function redriveLauncher(options: RedriveLauncherOptions): Promise<number> {
  const { sqs, queueUrl, deadLettersUrl, log, pollMs = 2000 } = options;
  const [SourceArn, DestinationArn] = await Promise.all([arnOf(sqs, deadLettersUrl), arnOf(sqs, queueUrl)]);
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
  let lastLogged = -1;
  for (;;) {
    const task = await newestTask(sqs, SourceArn);
    const { ApproximateNumberOfMessagesMoved: moved = 0, ApproximateNumberOfMessagesToMove: all } = task;
    if (task.Status === 'COMPLETED') return moved;
    if (task.Status !== 'RUNNING' && task.Status !== undefined)
      throw new OperationError(
        `SQS moved ${moved} messages and ended with ${task.Status} (${task.FailureReason ?? 'no reason given'}). Run this again; \`--list\` counts the remaining messages.`,
      );
    if (moved !== lastLogged) log(`runner-launcher: ${moved} of ${all ?? 'unknown'} messages moved`);
    lastLogged = moved;
    await setTimeout(pollMs);
  }
}

async function newestTask(sqs: SQSClient, SourceArn: string): Promise<ListMessageMoveTasksResultEntry> {
  const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }));
  return Results[0] ?? {};
}

async function arnOf(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const query = { QueueUrl, AttributeNames: ['QueueArn' as const] };
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand(query));
  return Attributes?.QueueArn ?? '';
}
