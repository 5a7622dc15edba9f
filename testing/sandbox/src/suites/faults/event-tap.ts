import { type EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';

const eventSchema = z.object({ 'detail-type': z.string(), detail: z.record(z.string(), z.unknown()) });

/** An event as a consumer receives it. */
export interface TappedEvent {
  name: string;
  detail: Record<string, unknown>;
  /** The complete event as JSON. */
  text: string;
}

/** Records every event on the installation's bus, as a separate consumer. */
export class EventTap {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #events: TappedEvent[] = [];

  private constructor(sqs: SQSClient, queueUrl: string) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
  }

  static async start(events: EventBridgeClient, sqs: SQSClient, bus: string): Promise<EventTap> {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'event-tap' }));
    const attributes = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    const EventPattern = JSON.stringify({ source: [{ prefix: '' }] });
    await events.send(new PutRuleCommand({ Name: 'event-tap', EventBusName: bus, EventPattern }));
    const Arn = attributes.Attributes?.QueueArn ?? '';
    const Targets = [{ Id: 'tap', Arn }];
    await events.send(new PutTargetsCommand({ Rule: 'event-tap', EventBusName: bus, Targets }));
    return new EventTap(sqs, QueueUrl);
  }

  /** Returns every event on the bus so far. */
  async read(): Promise<readonly TappedEvent[]> {
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.#queueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return this.#events;
      for (const { Body = '' } of Messages) this.#keep(Body);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
    }
  }

  #keep(text: string): void {
    const parsed = eventSchema.safeParse(JSON.parse(text));
    if (parsed.success) {
      this.#events.push({ name: parsed.data['detail-type'], detail: parsed.data.detail, text });
    }
  }
}
