import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { publishEvents, systemTiming } from '@serverless-gitlab-runner/aws/calls';
import { buildEntry, type EventName, type NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** Puts an event on the bus. It never fails: no job may fail because somebody could not be told of it. */
export type EventPublisher = <Name extends EventName>(
  name: Name,
  detail: NewEventDetail<Name>,
) => Promise<void>;

/** Milliseconds after which an event is given up. Jobs and the manager's end wait for it. */
const PUBLISH_MS = 5000;

export function createEventPublisher(
  client: EventBridgeClient,
  eventBusName: string,
  logger: Logger,
): EventPublisher {
  return async (name, detail) => {
    try {
      const deadlineAt = systemTiming.now() + PUBLISH_MS;
      await publishEvents(client, [buildEntry(eventBusName, name, detail)], {
        timing: systemTiming,
        deadlineAt,
      });
    } catch (error) {
      logger.error('an event was not published', { event: name, error: messageOf(error) });
    }
  };
}
