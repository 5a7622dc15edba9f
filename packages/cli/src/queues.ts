import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

const COUNTED = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

/** Approximate number of messages, including those that are being processed or come back later. */
export async function countMessages(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const query = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTED] });
  const { Attributes = {} } = await sqs.send(query);
  return COUNTED.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}
