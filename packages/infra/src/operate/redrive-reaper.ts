import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

export interface RedriveReaperOptions {
  readonly sqs: SQSClient;
  readonly lambda: LambdaClient;
  readonly functionName: string;
  readonly deadLettersUrl: string;
  readonly log: (line: string) => void;
  /** Seconds for which an empty answer of the queue is waited for. Default 5. */
  readonly waitSeconds?: number;
}

export interface RedriveReaperResult {
  /** Events that the function took; their messages are deleted. */
  readonly done: number;
  /** Events at which it failed; their messages stay. */
  readonly failed: number;
}

/** Longer than the function's timeout of 120 s, so that nobody else gets the message meanwhile. */
const VISIBILITY_SECONDS = 180;

/**
 * Invokes the reaper again with each event of its dead-letter queue, one after the other, and deletes those that it took. EventBridge
 * and Scheduler feed that queue, no queue of SQS does, so SQS cannot move the messages.
 */
export async function redriveReaper(options: RedriveReaperOptions): Promise<RedriveReaperResult> {
  const { sqs, deadLettersUrl: QueueUrl, log, waitSeconds: WaitTimeSeconds = 5 } = options;
  const failed = new Set<string>();
  let done = 0;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, VisibilityTimeout: VISIBILITY_SECONDS }),
    );
    const [message] = Messages;
    // One that failed comes back when it is visible again: everything else has been seen by then.
    if (message === undefined || failed.has(message.MessageId ?? '')) break;
    const failure = await invoke(message, options);
    if (failure === undefined) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      done += 1;
      log(`idle-reaper: took event ${message.MessageId}`);
    } else {
      failed.add(message.MessageId ?? '');
      log(`idle-reaper: failed at event ${message.MessageId}, which stays: ${failure}`);
    }
  }
  return { done, failed: failed.size };
}

/** @returns why the function did not take the event; undefined: it did */
async function invoke(
  { Body = '' }: Message,
  { lambda, functionName }: RedriveReaperOptions,
): Promise<string | undefined> {
  // Lambda refuses anything else.
  if (!isJson(Body)) return 'it is no JSON';
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(Body) }),
  );
  return FunctionError === undefined
    ? undefined
    : `${FunctionError}: ${Buffer.from(Payload ?? [])
        .toString()
        .slice(0, 300)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
