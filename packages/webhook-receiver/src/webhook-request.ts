import * as z from 'zod';

/** The fields of a function URL's event (payload format 2.0) that are needed here. Other fields are ignored. */
const functionUrlEventSchema = z.object({
  rawQueryString: z.string().catch(''),
  headers: z.record(z.string(), z.unknown()).catch({}),
  body: z.string().catch(''),
  isBase64Encoded: z.boolean().catch(false),
  requestContext: z.object({ http: z.object({ method: z.string() }) }).catch({ http: { method: '' } }),
});

/** A webhook as received, not yet authenticated. */
export interface WebhookRequest {
  method: string;
  /** First value of a query parameter. */
  query(name: string): string | undefined;
  /** A header's value; the name is case-insensitive. */
  header(name: string): string | undefined;
  /** The raw bytes that GitLab sent, since the signature covers these and not the decoded text. */
  body: Buffer;
}

/** Reads a function URL's event. Any value is accepted; missing or malformed parts are read as empty. */
export function readWebhookRequest(event: unknown): WebhookRequest {
  const { rawQueryString, headers, body, isBase64Encoded, requestContext } = functionUrlEventSchema
    .catch({
      rawQueryString: '',
      headers: {},
      body: '',
      isBase64Encoded: false,
      requestContext: { http: { method: '' } },
    })
    .parse(event);
  const query = new URLSearchParams(rawQueryString);
  const byName = new Map(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
  return {
    method: requestContext.http.method.toUpperCase(),
    query: (name) => query.get(name) ?? undefined,
    header: (name) => byName.get(name.toLowerCase()),
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}
