import * as z from 'zod';
import { EVENT_SOURCE, EVENT_VERSION } from './common.ts';
import { type EventDetail, type EventName, eventSchemas } from './event-schemas.ts';

/** An entry of EventBridge's PutEvents, in the SDK's format. */
export interface EventEntry {
  EventBusName: string;
  Source: typeof EVENT_SOURCE;
  DetailType: EventName;
  Detail: string;
  Time: Date;
}

/** The schema refuses the detail, so no entry is built. The message names the field. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/** The caller's input: the detail without its version, which this package adds. */
export type NewEventDetail<Name extends EventName> = Omit<EventDetail<Name>, 'version'>;

/** Each is created once, on first use: zod compiles every new schema. */
const strictSchemas = new Map<EventName, z.ZodType<{ occurredAt: string }>>();

function strictSchema(name: EventName): z.ZodType<{ occurredAt: string }> {
  const known = strictSchemas.get(name) ?? eventSchemas[name].strict();
  strictSchemas.set(name, known);
  return known;
}

/**
 * Builds a PutEvents entry. Unlike a reader, it refuses fields that the schema does not know: no other data must be
 * published, least of all a secret.
 * @throws {InvalidEventError} if the detail does not match its schema.
 */
export function buildEntry<Name extends EventName>(
  eventBusName: string,
  name: Name,
  detail: NewEventDetail<Name>,
): EventEntry {
  const parsed = strictSchema(name).safeParse({ version: EVENT_VERSION, ...detail });
  if (!parsed.success)
    throw new InvalidEventError(`${name} cannot be built: ${z.prettifyError(parsed.error)}`);
  return {
    EventBusName: eventBusName,
    Source: EVENT_SOURCE,
    DetailType: name,
    Detail: JSON.stringify(parsed.data),
    Time: new Date(parsed.data.occurredAt),
  };
}
