import * as z from 'zod';

/** What is needed of a function URL's event (payload format 2.0); whatever else may be there or not. */
const functionUrlEventSchema = z.object({
  rawQueryString: z.string().catch(''),
  headers: z.record(z.string(), z.unknown()).catch({}),
  body: z.string().catch(''),
  isBase64Encoded: z.boolean().catch(false),
  requestContext: z.object({ http: z.object({ method: z.string() }) }).catch({ http: { method: '' } }),
});

/** A webhook as it came, not yet believed. */
export interface WebhookRequest {
  method: string;
  /** First value of a query parameter. */
  query(name: string): string | undefined;
  /** A header's value, whatever the case of its name. */
  header(name: string): string | undefined;
  /** The bytes that GitLab sent: a signature covers them, not what they decode to. */
  body: Buffer;
}

/** Reads a function URL's event. Anything at all may come: what is not there is read as empty. */
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
