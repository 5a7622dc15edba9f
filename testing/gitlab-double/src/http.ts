import type { Context } from 'hono';
import type * as z from 'zod';
import { ApiError } from './errors.ts';
import type { Instance } from './instance.ts';
import { unknownFields } from './runner-api/schemas.ts';

/** Maximum size of a JSON body in bytes; runners send far less. */
const JSON_LIMIT = 1024 * 1024;

/** Reads a request's body. Throws 413 if it has more than `limit` bytes. */
export async function readBody(context: Context, limit: number): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of context.req.raw.body ?? []) {
    size += part.length;
    // Read to the end: a client that is still writing would see a broken connection instead of the response.
    if (size <= limit) parts.push(part);
  }
  if (size > limit) throw new ApiError(413, '413 Request Entity Too Large');
  return Buffer.concat(parts);
}

/**
 * Reads and validates a JSON body. Wrong types are answered 400, as Grape does. Fields that the schema lacks are added to
 * `unknownFields`. An empty body counts as `{}`: GitLab accepts it if the headers contain everything required.
 */
export async function readJson<S extends z.ZodType>(
  context: Context,
  instance: Instance,
  schema: S,
): Promise<z.infer<S>> {
  const text = (await readBody(context, JSON_LIMIT)).toString('utf8');
  if (text !== '') requireJsonType(context);
  const body = parse(text || '{}');
  const result = schema.safeParse(body);
  if (!result.success) {
    const fields = result.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'body'} is invalid: ${message}`,
    );
    throw new ApiError(400, fields.join(', '), { validation: true });
  }
  for (const field of unknownFields(schema, body)) {
    instance.unknownFields.add(`${context.req.method} ${routeOf(context)}: ${field}`);
  }
  return result.data;
}

function requireJsonType(context: Context): void {
  const type = context.req.header('content-type') ?? '';
  if (type.split(';')[0]?.trim() === 'application/json') return;
  throw new ApiError(415, `The provided content-type '${type}' is not supported.`, { validation: true });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, 'Problem when parsing the request body as JSON', { validation: true });
  }
}

/** The path with ids replaced, so that `unknownFields` has one entry per route. */
function routeOf(context: Context): string {
  return context.req.path.replaceAll(/\/\d+/g, '/:id');
}

/** Parses a path parameter as an id. Throws 400 if it is not a number. */
export function idParameter(context: Context, name: string): number {
  const text = context.req.param(name) ?? '';
  if (!/^\d+$/.test(text)) throw new ApiError(400, `${name} is invalid`, { validation: true });
  return Number(text);
}
