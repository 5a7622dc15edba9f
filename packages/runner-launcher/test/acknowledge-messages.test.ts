import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { acknowledgeMessages, type MessageOutcome } from '../src/acknowledge-messages.ts';
import type { Outcome } from '../src/index.ts';

const mock = mockClient(SQSClient);
const warnings: string[] = [];
const deps = {
  sqs: new SQSClient({ region: 'eu-west-1' }),
  queueUrl: 'https://queue',
  deadLetterQueueUrl: 'https://dead',
  random: () => 1,
  warn: (message: string) => warnings.push(message),
};

const settled = (number: number, outcome: Outcome, receiveCount = 1): MessageOutcome => ({
  message: { messageId: `m${number}`, receiptHandle: `r${number}`, receiveCount, body: `body ${number}` },
  outcome,
});
const done: Outcome = { kind: 'done', because: 'manager-runs' };
const retry: Outcome = { kind: 'retry', reason: 'at-maximum' };
const recheck: Outcome = { kind: 'recheck', because: 'manager-runs' };
const giveUp: Outcome = { kind: 'give-up', reason: 'invalid-fleet', message: 'no such fleet' };

beforeEach(() => {
  mock.reset();
  warnings.length = 0;
  mock.on(ChangeMessageVisibilityBatchCommand).resolves({ Successful: [], Failed: [] });
  mock.on(SendMessageBatchCommand).callsFake(({ Entries }) => ({
    Successful: Entries.map(({ Id }: { Id: string }) => ({ Id })),
  }));
});

describe('acknowledging messages', () => {
  it('lets SQS delete messages that are done, without a call', async () => {
    expect(await acknowledgeMessages([settled(1, done)], deps)).toEqual([]);
    expect(mock.calls()).toHaveLength(0);
  });

  it('keeps retried messages, each with its growing delay', async () => {
    expect(
      await acknowledgeMessages([settled(1, retry), settled(2, retry, 3), settled(3, done)], deps),
    ).toEqual(['m1', 'm2']);
    expect(mock.commandCalls(ChangeMessageVisibilityBatchCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'https://queue',
      Entries: [
        { Id: '0', ReceiptHandle: 'r1', VisibilityTimeout: 20 },
        { Id: '1', ReceiptHandle: 'r2', VisibilityTimeout: 80 },
      ],
    });
  });

  it('keeps the message of an assigned job, and lets it come back soon', async () => {
    expect(await acknowledgeMessages([settled(1, recheck), settled(2, recheck, 5)], deps)).toEqual([
      'm1',
      'm2',
    ]);
    const [call] = mock.commandCalls(ChangeMessageVisibilityBatchCommand);
    expect(call?.args[0].input.Entries?.map(({ VisibilityTimeout }) => VisibilityTimeout)).toEqual([10, 30]);
  });

  it('sends abandoned messages to the dead-letter queue with the reason, and lets SQS delete them', async () => {
    expect(await acknowledgeMessages([settled(1, giveUp)], deps)).toEqual([]);
    expect(mock.commandCalls(SendMessageBatchCommand)[0]?.args[0].input).toEqual({
      QueueUrl: 'https://dead',
      Entries: [
        {
          Id: '0',
          MessageBody: 'body 1',
          MessageAttributes: {
            reason: { DataType: 'String', StringValue: 'invalid-fleet' },
            message: { DataType: 'String', StringValue: 'no such fleet' },
          },
        },
      ],
    });
  });

  it('names the last failure of a message that was received too often', async () => {
    const last: Outcome = {
      kind: 'give-up',
      reason: 'receives-exhausted',
      last: 'no-capacity',
      message: 'x',
    };
    await acknowledgeMessages([settled(1, last)], deps);
    const [call] = mock.commandCalls(SendMessageBatchCommand);
    expect(call?.args[0].input.Entries?.[0]?.MessageAttributes?.reason?.StringValue).toBe(
      'receives-exhausted: no-capacity',
    );
  });

  it('sends ten entries a call', async () => {
    const many = Array.from({ length: 21 }, (_, number) => settled(number, retry));
    expect(await acknowledgeMessages(many, deps)).toHaveLength(21);
    expect(mock.commandCalls(ChangeMessageVisibilityBatchCommand)).toHaveLength(3);
  });

  it('keeps a message that is retried when its delay cannot be set', async () => {
    mock.on(ChangeMessageVisibilityBatchCommand).rejects(new Error('no'));
    expect(await acknowledgeMessages([settled(1, retry)], deps)).toEqual(['m1']);
    mock
      .on(ChangeMessageVisibilityBatchCommand)
      .resolves({ Failed: [{ Id: '0', SenderFault: true, Code: 'x' }] });
    expect(await acknowledgeMessages([settled(1, retry)], deps)).toEqual(['m1']);
    expect(warnings).toEqual(['retry delay not set', 'retry delay not set']);
  });

  it('keeps a message that the dead-letter queue did not accept', async () => {
    mock
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [{ Id: '1', MessageId: 'x', MD5OfMessageBody: 'x' }] })
      .rejectsOnce(new Error('no'));
    expect(await acknowledgeMessages([settled(1, giveUp), settled(2, giveUp)], deps)).toEqual(['m1']);
    expect(await acknowledgeMessages([settled(3, giveUp)], deps)).toEqual(['m3']);
    expect(warnings).toHaveLength(2);
  });
});
