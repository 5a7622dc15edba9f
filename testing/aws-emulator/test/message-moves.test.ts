import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EmulatorFixture } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;
let sqs: SQSClient;
let dead: { url: string; arn: string };
let queue: { url: string; arn: string };

beforeAll(async () => {
  fixture = await EmulatorFixture.start('message-moves');
  sqs = new SQSClient({ ...fixture.clientOptions, useQueueUrlAsEndpoint: false });
  dead = await makeQueue('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
  queue = await makeQueue('queue', { RedrivePolicy });
  await sqs.send(new SendMessageCommand({ QueueUrl: dead.url, MessageBody: 'sent directly' }));
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function makeQueue(QueueName: string, Attributes: Record<string, string> = {}) {
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return { url, arn: (await attributes(url)).QueueArn ?? '' };
}

async function attributes(QueueUrl: string): Promise<Record<string, string>> {
  const query = { QueueUrl, AttributeNames: ['All' as const] };
  return (await sqs.send(new GetQueueAttributesCommand(query))).Attributes ?? {};
}

async function move(SourceArn: string, DestinationArn?: string) {
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
  const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
  return Results[0];
}

it('SQS moves only messages of dead-letter queues of SQS queues', async () => {
  await expect(move(queue.arn)).rejects.toThrow('Source queue must be configured as a Dead Letter Queue');
});

it('SQS cannot return a message that was sent to the dead-letter queue directly', async () => {
  expect(await move(dead.arn)).toMatchObject({
    Status: 'FAILED',
    FailureReason: 'CouldNotDetermineMessageSource',
  });
  expect((await attributes(dead.url)).ApproximateNumberOfMessages).toBe('1');
});

it('SQS moves such a message to a given destination', async () => {
  expect(await move(dead.arn, queue.arn)).toMatchObject({
    Status: 'COMPLETED',
    ApproximateNumberOfMessagesMoved: 1,
  });
  expect((await attributes(queue.url)).ApproximateNumberOfMessages).toBe('1');
});
