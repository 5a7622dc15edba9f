import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { buildEntry, type EventName, type NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** Puts an event on the bus. It never fails: no job may fail because somebody could not be told of it. */
export type EventPublisher = <Name extends EventName>(
  name: Name,
  detail: NewEventDetail<Name>,
) => Promise<void>;

export function createEventPublisher(
  client: EventBridgeClient,
  eventBusName: string,
  logger: Logger,
): EventPublisher {
  return async (name, detail) => {
    try {
      const entry = buildEntry(eventBusName, name, detail);
      const answer = await client.send(new PutEventsCommand({ Entries: [entry] }));
      const failed = answer.Entries?.find((each) => each.ErrorCode);
      if (failed) logger.error('the bus refused an event', { event: name, error: failed.ErrorMessage });
    } catch (error) {
      logger.error('an event could not be published', { event: name, error: messageOf(error) });
    }
  };
}
