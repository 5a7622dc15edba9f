import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { failureName } from '@serverless-gitlab-runner/aws/calls';
import type { Outcome } from './outcome.ts';
import type { Message } from './read-messages.ts';
import { retryDelaySeconds } from './retry-delay.ts';

type GiveUp = Extract<Outcome, { kind: 'give-up' }>;

/** SQS takes ten entries a call. */
const ENTRIES_PER_CALL = 10;

export interface AcknowledgeDeps {
  sqs: SQSClient;
  queueUrl: string;
  deadLetterQueueUrl: string;
  /** 0 to 1, 1 excluded. */
  random(): number;
  warn(message: string, fields: Record<string, unknown>): void;
}

export interface MessageOutcome {
  message: Message;
  outcome: Outcome;
}

/**
 * Acts on the outcomes: sets when retried messages come back, and sends abandoned ones to the dead-letter queue.
 * @returns ids of the messages that SQS must keep
 */
export async function acknowledgeMessages(
  settled: readonly MessageOutcome[],
  deps: AcknowledgeDeps,
): Promise<string[]> {
  const retried: { message: Message; delay: number }[] = [];
  const givenUp: { message: Message; outcome: GiveUp }[] = [];
  for (const { message, outcome } of settled) {
    if (outcome.kind === 'retry' || outcome.kind === 'recheck') {
      const reason = outcome.kind === 'retry' ? outcome.reason : outcome.kind;
      retried.push({ message, delay: retryDelaySeconds(reason, message.receiveCount, deps.random()) });
    }
    if (outcome.kind === 'give-up') givenUp.push({ message, outcome });
  }
  await inChunks(retried, (chunk) => delayMessages(chunk, deps));
  const unsent = await inChunks(givenUp, (chunk) => sendToDeadLetters(chunk, deps));
  return [...retried.map(({ message }) => message.messageId), ...unsent];
}

async function inChunks<Item>(
  items: readonly Item[],
  handle: (chunk: readonly Item[]) => Promise<string[]>,
): Promise<string[]> {
  const results: string[] = [];
  for (let start = 0; start < items.length; start += ENTRIES_PER_CALL)
    results.push(...(await handle(items.slice(start, start + ENTRIES_PER_CALL))));
  return results;
}

/** If a delay cannot be set, the queue's visibility timeout applies: the message comes back later, and nothing is lost. */
async function delayMessages(
  chunk: readonly { message: Message; delay: number }[],
  { sqs, queueUrl, warn }: AcknowledgeDeps,
): Promise<string[]> {
  const Entries = chunk.map(({ message, delay }, index) => ({
    Id: String(index),
    ReceiptHandle: message.receiptHandle,
    VisibilityTimeout: delay,
  }));
  try {
    const { Failed = [] } = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }),
    );
    if (Failed.length > 0) warn('retry delay not set', { codes: Failed.map(({ Code }) => Code) });
  } catch (error) {
    warn('retry delay not set', { failure: failureName(error) });
  }
  return [];
}

function reasonOf(outcome: GiveUp): string {
  return outcome.reason === 'receives-exhausted' ? `${outcome.reason}: ${outcome.last}` : outcome.reason;
}

function text(StringValue: string) {
  return { DataType: 'String', StringValue };
}

/** @returns ids of messages that the dead-letter queue did not accept: they stay in their queue */
async function sendToDeadLetters(
  chunk: readonly { message: Message; outcome: GiveUp }[],
  { sqs, deadLetterQueueUrl, warn }: AcknowledgeDeps,
): Promise<string[]> {
  const Entries = chunk.map(({ message, outcome }, index) => ({
    Id: String(index),
    MessageBody: message.body,
    MessageAttributes: { reason: text(reasonOf(outcome)), message: text(outcome.message) },
  }));
  try {
    const { Successful = [] } = await sqs.send(
      new SendMessageBatchCommand({ QueueUrl: deadLetterQueueUrl, Entries }),
    );
    const sent = new Set(Successful.map(({ Id }) => Id));
    const unsent = chunk.filter((_, index) => !sent.has(String(index)));
    if (unsent.length > 0) warn('messages not sent to the dead-letter queue', { messages: unsent.length });
    return unsent.map(({ message }) => message.messageId);
  } catch (error) {
    warn('messages not sent to the dead-letter queue', { failure: failureName(error) });
    return chunk.map(({ message }) => message.messageId);
  }
}
