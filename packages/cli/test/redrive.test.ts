import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { redriveLauncher } from '../src/redrive/redrive-launcher.ts';
import { redriveReaper } from '../src/redrive/redrive-reaper.ts';

const sqsMock = mockClient(SQSClient);
const lambdaMock = mockClient(LambdaClient);
const sqs = new SQSClient({ region: 'eu-west-1' });
const lambda = new LambdaClient({ region: 'eu-west-1' });
let lines: string[];
const log = (line: string) => void lines.push(line);

beforeEach(() => {
  sqsMock.reset();
  lambdaMock.reset();
  lines = [];
});

describe("the launcher's dead letters", () => {
  const redrive = () => redriveLauncher({ sqs, queueUrl: 'queue', deadLettersUrl: 'dead', log, pollMs: 0 });

  beforeEach(() => {
    for (const QueueUrl of ['queue', 'dead'])
      sqsMock
        .on(GetQueueAttributesCommand, { QueueUrl })
        .resolves({ Attributes: { QueueArn: `arn:${QueueUrl}` } });
    sqsMock.on(StartMessageMoveTaskCommand).resolves({ TaskHandle: 'handle' });
  });

  it('are moved to an explicitly named queue, because SQS does not know their source', async () => {
    sqsMock
      .on(ListMessageMoveTasksCommand)
      .resolvesOnce({
        Results: [
          { Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 2, ApproximateNumberOfMessagesToMove: 5 },
        ],
      })
      .resolves({ Results: [{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 5 }] });
    expect(await redrive()).toBe(5);
    const [start] = sqsMock.commandCalls(StartMessageMoveTaskCommand);
    expect(start?.args[0].input).toEqual({ SourceArn: 'arn:dead', DestinationArn: 'arn:queue' });
    expect(lines).toEqual(['runner-launcher: 2 of 5 messages moved']);
  });

  it('cause an error with the reason if SQS fails to move them', async () => {
    const failed = { Status: 'FAILED', FailureReason: 'AccessDenied', ApproximateNumberOfMessagesMoved: 1 };
    sqsMock.on(ListMessageMoveTasksCommand).resolves({ Results: [failed] });
    await expect(redrive()).rejects.toThrow('SQS moved 1 messages and ended with FAILED (AccessDenied)');
  });
});

describe("the reaper's dead letters", () => {
  const message = (id: string, Body: string) => ({ MessageId: id, ReceiptHandle: `handle-${id}`, Body });
  const redrive = () =>
    redriveReaper({ sqs, lambda, functionName: 'reaper', deadLettersUrl: 'dead', log, waitSeconds: 0 });

  it('are passed to the function one at a time; a failed one stays, and is not retried', async () => {
    const bad = message('2', '{"n":2}');
    sqsMock
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: [message('1', '{"n":1}')] })
      .resolvesOnce({ Messages: [bad] })
      .resolvesOnce({ Messages: [message('3', 'not JSON')] })
      .resolves({ Messages: [bad] });
    sqsMock.on(DeleteMessageCommand).resolves({});
    lambdaMock
      .on(InvokeCommand)
      .resolvesOnce({ StatusCode: 200 })
      .resolves({ FunctionError: 'Unhandled', Payload: Buffer.from('{"errorMessage":"no"}') as never });
    expect(await redrive()).toEqual({ done: 1, failed: 2 });
    const payloads = lambdaMock.commandCalls(InvokeCommand).map((call) => String(call.args[0].input.Payload));
    expect(payloads).toEqual(['{"n":1}', '{"n":2}']);
    const deleted = sqsMock
      .commandCalls(DeleteMessageCommand)
      .map((call) => call.args[0].input.ReceiptHandle);
    expect(deleted).toEqual(['handle-1']);
  });
});
