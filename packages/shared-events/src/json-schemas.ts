import * as z from 'zod';
import { type EventName, eventNames, eventSchemas } from './event-schemas.ts';

/** The JSON Schema (draft 2020-12) of each event's `detail`, generated from the zod schema that parses it. */
export function jsonSchemas(): Record<EventName, object> {
  const entries = eventNames.map((name) => [
    name,
    { title: name, ...z.toJSONSchema(eventSchemas[name], { io: 'input' }) },
  ]);
  return Object.fromEntries(entries);
}
