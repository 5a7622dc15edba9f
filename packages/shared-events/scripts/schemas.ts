import * as z from 'zod';
import { EVENT_SOURCE, EVENT_VERSION } from '../src/common.ts';
import { type EventName, eventNames, eventSchemas } from '../src/event-schemas.ts';
import { type EventDescription, readDescriptions } from './read-descriptions.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where the packages' files are served from, so that `$id` is also an address. */
const BASE_ID = 'https://unpkg.com/@serverless-gitlab-runner/shared-events/schemas';

/** The files that are published, by their path in the package, as parsed JSON. */
export function schemaFiles(): ReadonlyMap<string, object> {
  const descriptions = readDescriptions();
  return new Map(
    eventNames.flatMap((name): [string, object][] => [
      [`schemas/${name}.json`, jsonSchema(name, descriptions[name])],
      [`schemas/openapi/${name}.json`, openApiDocument(name, descriptions[name])],
    ]),
  );
}

/** The JSON Schema (draft 2020-12) of an event's `detail`, for readers: unknown properties and values are valid. */
function jsonSchema(name: EventName, { event, fields }: EventDescription): object {
  const { $schema, ...schema } = z.toJSONSchema(eventSchemas[name], { io: 'input' });
  const properties = mapProperties(schema, (property, field) => ({
    ...describeField(property, fields[field]),
    ...(isOpen(property) ? { examples: property.enum } : {}),
  }));
  return { $schema, $id: `${BASE_ID}/${name}.json`, title: name, description: event, ...schema, properties };
}

/**
 * The same as an OpenAPI 3 document with the whole event, as EventBridge's schema registry has them.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema-registry.html
 */
function openApiDocument(name: EventName, { event, fields }: EventDescription): object {
  const schema = z.toJSONSchema(eventSchemas[name], { io: 'input', target: 'openapi-3.0' });
  const properties = mapProperties(schema, (property, field) => ({
    ...describeField(property, fields[field]),
    ...(isOpen(property) ? { 'x-extensible-enum': property.enum } : {}),
  }));
  const text = { type: 'string' };
  const envelope = {
    version: text,
    id: text,
    'detail-type': text,
    source: text,
    account: text,
    time: { type: 'string', format: 'date-time' },
    region: text,
    resources: { type: 'array', items: text },
  };
  return {
    openapi: '3.0.0',
    info: { version: `${EVENT_VERSION}.0.0`, title: name, description: event },
    paths: {},
    components: {
      schemas: {
        AWSEvent: {
          type: 'object',
          required: [...Object.keys(envelope), 'detail'],
          'x-amazon-events-detail-type': name,
          'x-amazon-events-source': EVENT_SOURCE,
          properties: { ...envelope, detail: { $ref: `#/components/schemas/${name}` } },
        },
        [name]: { title: name, description: event, ...schema, properties },
      },
    },
  };
}

function mapProperties(
  { properties = {} }: JsonSchema,
  map: (property: JsonSchema, name: string) => object,
): Record<string, object> {
  const entries = Object.entries(properties).filter((entry): entry is [string, JsonSchema] =>
    isObject(entry[1]),
  );
  return Object.fromEntries(entries.map(([name, property]) => [name, map(property, name)]));
}

function isObject(schema: unknown): boolean {
  return typeof schema === 'object';
}

/** Whether the field is an enumeration of names. OpenAPI 3.0 also writes a constant as an enumeration. */
function isOpen({ type, enum: known }: JsonSchema): boolean {
  return type === 'string' && known !== undefined;
}

/** The field's schema with its comment. An enumeration becomes any string: later versions may add values. */
function describeField(field: JsonSchema, comment: string | undefined): object {
  const { enum: known, format, ...property } = field;
  const values = isOpen(field) ? `One of ${known?.join(', ')}; later versions may add others.` : undefined;
  return {
    description: [comment, values].filter((text) => text !== undefined).join(' '),
    ...property,
    // zod's own format, beside the pattern that says the same.
    ...(format === undefined || format === 'starts_with' ? {} : { format }),
    ...(known === undefined || isOpen(field) ? {} : { enum: known }),
  };
}
