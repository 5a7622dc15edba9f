import * as z from 'zod';
import { EVENT_SOURCE, EVENT_VERSION } from './common.ts';
import { type EventDetail, type EventName, eventSchemas } from './event-schemas.ts';

/** An entry of EventBridge's PutEvents, in the SDK's spelling. */
export interface EventEntry {
  EventBusName: string;
  Source: typeof EVENT_SOURCE;
  DetailType: EventName;
  Detail: string;
  Time: Date;
}

/** The detail would be refused by its schema, so it is not built. The message names the field. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/** What the caller gives: the detail without its version, which is this package's to say. */
export type NewEventDetail<Name extends EventName> = Omit<EventDetail<Name>, 'version'>;

/** Made when first asked for, once: zod compiles each schema anew. */
const strictSchemas = new Map<EventName, z.ZodType<{ occurredAt: string }>>();

function strictSchema(name: EventName): z.ZodType<{ occurredAt: string }> {
  const known = strictSchemas.get(name) ?? eventSchemas[name].strict();
  strictSchemas.set(name, known);
  return known;
}

/**
 * Builds a PutEvents entry. Unlike a reader, it refuses fields that the schema does not know: what is not in the
 * schema must not travel, a secret least of all.
 * @throws {InvalidEventError} when the detail does not fit its schema.
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
