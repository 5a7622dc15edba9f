import * as z from 'zod';
import { EVENT_SOURCE, EVENT_VERSION } from './common.ts';
import type { EventDetail, EventName, eventSchemas } from './event-schemas.ts';

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

type EventSchemas = typeof eventSchemas;

/** Builds a PutEvents entry of one of the events named `Name`. */
export type BuildEntry<Name extends EventName> = <Each extends Name>(
  eventBusName: string,
  name: Each,
  detail: NewEventDetail<Each>,
) => EventEntry;

/**
 * Makes a function like `buildEntry` for some events only, so that a Lambda that publishes two events does not load the schemas of
 * all.
 * @param schemas by event
 */
export function entryBuilder<Name extends EventName>(schemas: Pick<EventSchemas, Name>): BuildEntry<Name> {
  // Each is created once, on first use: zod compiles every new schema.
  const strictSchemas = new Map<EventName, z.ZodType<{ occurredAt: string }>>();
  return (eventBusName, name, detail) => {
    const schema = strictSchemas.get(name) ?? schemas[name].strict();
    strictSchemas.set(name, schema);
    const parsed = schema.safeParse({ version: EVENT_VERSION, ...detail });
    if (!parsed.success)
      throw new InvalidEventError(`${name} cannot be built: ${z.prettifyError(parsed.error)}`);
    return {
      EventBusName: eventBusName,
      Source: EVENT_SOURCE,
      DetailType: name,
      Detail: JSON.stringify(parsed.data),
      Time: new Date(parsed.data.occurredAt),
    };
  };
}
