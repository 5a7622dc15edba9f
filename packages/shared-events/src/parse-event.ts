import * as z from 'zod';
import { EVENT_SOURCE } from './common.ts';
import { type EventName, isEventName } from './event-schemas.ts';
import { type ReadDetail, readSchema } from './read-schemas.ts';

/**
 * The EventBridge envelope as targets receive it, with the fields that a consumer may rely on.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
export const envelopeSchema = z.object({
  id: z.string().min(1),
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  account: z.string().optional(),
  region: z.string().optional(),
  detail: z.unknown(),
});

/** A parsed event of this project, discriminated by `name`. */
export type RunnerEvent = {
  [Name in EventName]: { name: Name; id: string; time: string; detail: ReadDetail<Name> };
}[EventName];

/** The value is not a known event of this project. The message names the field. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
}

/**
 * Parses an event as EventBridge delivers it (to a Lambda, or as an SQS message's parsed body).
 * Unknown fields are dropped, and unknown values of an enumeration are kept, so that a consumer of version 1 keeps working when
 * either is added.
 * @throws {UnreadableEventError} if it is not an envelope, has another source or an unknown name, or its schema refuses it.
 */
export function parseEvent(value: unknown): RunnerEvent {
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success)
    throw new UnreadableEventError(`not an EventBridge event: ${describe(envelope.error)}`);
  const { id, source, time, 'detail-type': name, detail } = envelope.data;
  if (source !== EVENT_SOURCE) {
    throw new UnreadableEventError(
      `unexpected source "${source}" instead of "${EVENT_SOURCE}": check the rule's pattern`,
    );
  }
  if (!isEventName(name)) throw new UnreadableEventError(`unknown detail-type "${name}"`);
  const parsed = readSchema(name).safeParse(detail);
  if (!parsed.success) throw new UnreadableEventError(`${name}: ${describe(parsed.error)}`);
  return { name, id, time, detail: parsed.data } as unknown as RunnerEvent;
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`).join('; ');
}
