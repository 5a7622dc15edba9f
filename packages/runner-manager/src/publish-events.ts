import type { Logger } from '@aws-lambda-powertools/logger';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { publishEvents, systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { buildEntry, type EventName, type NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import { messageOf } from './errors.ts';

/** Publishes an event, and logs it: `sgr jobs` and `sgr cost` read the log. Never rejects: no job may fail because of an event. */
export type EventPublisher = <Name extends EventName>(
  name: Name,
  detail: NewEventDetail<Name>,
) => Promise<void>;

/** Maximum time to publish an event, in milliseconds. Jobs and the manager's exit wait for it. */
const PUBLISH_MS = 5000;

export function createEventPublisher(
  client: EventBridgeClient,
  eventBusName: string,
  logger: Logger,
): EventPublisher {
  return async (name, detail) => {
    try {
      const deadlineAt = systemTiming.now() + PUBLISH_MS;
      const entry = buildEntry(eventBusName, name, detail);
      // Also if the bus does not accept it: what it tells has happened.
      logger.info('event', { event: name, detail: JSON.parse(entry.Detail) });
      await publishEvents(client, [entry], {
        timing: systemTiming,
        deadlineAt,
      });
    } catch (error) {
      logger.error('could not publish an event', { event: name, error: messageOf(error) });
    }
  };
}
