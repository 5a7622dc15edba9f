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
  /** Seconds to wait for a message before the queue counts as empty. Default 5. */
  readonly waitSeconds?: number;
}

export interface RedriveReaperResult {
  /** Processed events; their messages are deleted. */
  readonly done: number;
  /** Events for which the function failed; their messages stay. */
  readonly failed: number;
}

/** Longer than the function's timeout of 120 s, so that no other consumer gets the message in the meantime. */
const VISIBILITY_SECONDS = 180;

/**
 * Invokes the reaper again with each event of its dead-letter queue, one at a time, and deletes those that succeed. EventBridge
 * and Scheduler feed that queue, not an SQS queue, so SQS cannot move the messages.
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
    // A failed message comes back when it is visible again. By then every other message was received.
    if (message === undefined || failed.has(message.MessageId ?? '')) break;
    const failure = await invoke(message, options);
    if (failure === undefined) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      done += 1;
      log(`idle-reaper: processed event ${message.MessageId}`);
    } else {
      failed.add(message.MessageId ?? '');
      log(`idle-reaper: failed to process event ${message.MessageId}, which stays in the queue: ${failure}`);
    }
  }
  return { done, failed: failed.size };
}

/** @returns why the function failed; undefined if it succeeded */
async function invoke(
  { Body = '' }: Message,
  { lambda, functionName }: RedriveReaperOptions,
): Promise<string | undefined> {
  // Lambda rejects any other payload.
  if (!isJson(Body)) return 'it is not JSON';
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
