import type {
  ChangeMessageVisibilityBatchRequestEntry,
  SendMessageBatchRequestEntry,
} from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { Latencies } from './latencies.ts';

/** As deployed by `infra`. */
const VISIBILITY_MS = 360_000;
export const MAX_RECEIVES = 1000;
/** Messages that one poller of Lambda fetches at a time. */
const BATCH_SIZE = 10;
/** If many wait, its pollers fill batches of the size that `infra` allows. */
const BACKLOG = { from: 50, batchSize: 100 };

/** The operations that the launcher calls itself; Lambda's event source mapping calls the others. */
export interface QueueApi {
  changeVisibility(entries: readonly ChangeMessageVisibilityBatchRequestEntry[]): { Failed: [] };
  sendDeadLetters(entries: readonly SendMessageBatchRequestEntry[]): {
    Successful: { Id: string | undefined }[];
  };
}

export interface ReceivedMessage {
  messageId: string;
  receiptHandle: string;
  receiveCount: number;
  body: string;
}

export interface Queue extends QueueApi {
  send(body: string): void;
  receive(): ReceivedMessage[];
  delete(receiptHandles: readonly string[]): void;
  size(): number;
  /** Whether a full batch waits: Lambda then does not wait for its batch window. */
  hasBatch(): boolean;
  /** Called when there may be messages to receive. */
  readonly listeners: (() => void)[];
}

interface Message {
  id: string;
  body: string;
  visibleAt: number;
  receives: number;
}

/** An SQS queue: at-least-once delivery without order. */
export function createQueue(clock: Clock, random: Random, faults: Faults, latencies: Latencies): Queue {
  const messages = new Map<string, Message>();
  const listeners: (() => void)[] = [];
  const onVisible = () => {
    for (const listener of listeners) listener();
  };
  let count = 0;

  const put = (body: string, delayMs: number) => {
    count += 1;
    const message = { id: `message-${count}`, body, visibleAt: clock.now() + delayMs, receives: 0 };
    messages.set(message.id, message);
    clock.at(message.visibleAt, onVisible);
  };
  const held = (receiptHandle: string | undefined) => {
    const [id = '', receives] = (receiptHandle ?? '').split('#');
    const message = messages.get(id);
    return message && String(message.receives) === receives ? message : undefined;
  };

  return {
    send(body) {
      put(body, latencies.queue());
      if (faults.hits(faults.rates().duplicates)) put(body, random.between(50, 300_000));
    },
    receive() {
      const now = clock.now();
      const visible = [...messages.values()].filter(({ visibleAt }) => visibleAt <= now);
      const received: ReceivedMessage[] = [];
      const batchSize = visible.length > BACKLOG.from ? BACKLOG.batchSize : BATCH_SIZE;
      while (visible.length > 0 && received.length < batchSize) {
        const [message] = visible.splice(random.between(0, visible.length - 1), 1);
        if (message === undefined) break;
        message.receives += 1;
        if (message.receives > MAX_RECEIVES) {
          messages.delete(message.id);
          continue;
        }
        message.visibleAt = now + VISIBILITY_MS;
        clock.at(message.visibleAt, onVisible);
        const { id: messageId, receives: receiveCount, body } = message;
        received.push({ messageId, receiptHandle: `${messageId}#${receiveCount}`, receiveCount, body });
      }
      return received;
    },
    delete(receiptHandles) {
      for (const receiptHandle of receiptHandles) {
        const message = held(receiptHandle);
        // A deletion that one of SQS's servers has missed results in another delivery.
        if (message && !faults.hits(faults.rates().duplicates)) messages.delete(message.id);
      }
    },
    changeVisibility(entries) {
      for (const { ReceiptHandle, VisibilityTimeout = 0 } of entries) {
        const message = held(ReceiptHandle);
        if (message === undefined) continue;
        message.visibleAt = clock.now() + VisibilityTimeout * 1000;
        clock.at(message.visibleAt, onVisible);
      }
      return { Failed: [] };
    },
    sendDeadLetters: (entries) => ({ Successful: entries.map(({ Id }) => ({ Id })) }),
    size: () => messages.size,
    hasBatch: () =>
      [...messages.values()].filter(({ visibleAt }) => visibleAt <= clock.now()).length >= BATCH_SIZE,
    listeners,
  };
}
