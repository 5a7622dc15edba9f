import * as z from 'zod';
import { type EventDetail, type EventName, eventSchemas } from './event-schemas.ts';

/** A value that a newer producer may send where this version knows an enumeration. It keeps editors completing known values. */
export type UnknownValue = string & Record<never, never>;

type Open<Value> = Value extends string ? (string extends Value ? Value : Value | UnknownValue) : Value;

/** The `detail` of an event as consumers read it: like `EventDetail`, but any string where a producer must choose a known one. */
export type ReadDetail<Name extends EventName> = {
  [Key in keyof EventDetail<Name>]: Open<EventDetail<Name>[Key]>;
};

/** Each is created once, on first use: zod compiles every new schema. */
const readSchemas = new Map<EventName, z.ZodObject>();

/**
 * The schema with which an event's `detail` is read. Unlike `eventSchemas`, which producers must match, it accepts values of an
 * enumeration that were added after this version, so that a consumer keeps working when the installation is updated first.
 */
export function readSchema(name: EventName): z.ZodObject {
  const known = readSchemas.get(name);
  if (known !== undefined) return known;
  const fields = Object.entries<z.core.$ZodType>(eventSchemas[name].shape);
  const schema = z.object(Object.fromEntries(fields.map(([key, field]) => [key, open(field)])));
  readSchemas.set(name, schema);
  return schema;
}

function open(field: z.core.$ZodType): z.core.$ZodType {
  if (field instanceof z.ZodOptional) return z.optional(open(field.unwrap()));
  return field instanceof z.ZodEnum ? z.string() : field;
}
