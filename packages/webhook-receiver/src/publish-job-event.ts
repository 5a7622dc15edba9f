import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { publishEvents, type Timing } from '@serverless-gitlab-runner/aws/calls';
import {
  entryBuilder,
  jobFinishedSchema,
  jobQueuedSchema,
  type NewEventDetail,
} from '@serverless-gitlab-runner/shared-events';

/** A job event that is worth publishing. */
export type JobEvent =
  | { kind: 'queued'; event: NewEventDetail<'JobQueued'> }
  | { kind: 'finished'; event: NewEventDetail<'JobFinished'> };

/** @returns the event's id on the bus */
export type PublishJobEvent = (event: JobEvent) => Promise<string>;

const buildEntry = entryBuilder({ JobQueued: jobQueuedSchema, JobFinished: jobFinishedSchema });

/** Milliseconds that publishing may take, retries included. */
const PUBLISH_MS = 6000;

export function createPublishJobEvent(
  client: EventBridgeClient,
  eventBusName: string,
  timing: Timing,
): PublishJobEvent {
  return async (job) => {
    const entry =
      job.kind === 'queued'
        ? buildEntry(eventBusName, 'JobQueued', job.event)
        : buildEntry(eventBusName, 'JobFinished', job.event);
    const deadlineAt = timing.now() + PUBLISH_MS;
    const [id = ''] = await publishEvents(client, [entry], { timing, deadlineAt });
    return id;
  };
}
