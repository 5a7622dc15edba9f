import { type BuildEntry, entryBuilder } from './entry-builder.ts';
import { type EventName, eventSchemas } from './event-schemas.ts';

/**
 * Builds a PutEvents entry. Unlike a reader, it refuses fields that the schema does not know: no other data must be
 * published, least of all a secret.
 * @throws {InvalidEventError} if the detail does not match its schema.
 */
export const buildEntry: BuildEntry<EventName> = entryBuilder(eventSchemas);
