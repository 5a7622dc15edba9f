import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';

export interface FetchOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array<ArrayBuffer>;
  signal: AbortSignal;
  /** `manual`: follows no redirect, to which tokens would be sent along. */
  redirect?: 'manual';
}

/** The part of `fetch` that calls of GitLab use. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>;

/** Statuses whose response must not have a body. */
const WITHOUT_BODY = [101, 204, 205, 304];

/**
 * A `fetch` that also trusts these authorities, for its own calls only: Node's `fetch` cannot be given any, and trusting them in
 * the whole process would include the calls to AWS. With authorities, no redirect is followed.
 * @param authorities certificates in PEM format; undefined: none
 */
export function createFetch(authorities: string | undefined): Fetch {
  return (url, options) =>
    authorities === undefined || !url.startsWith('https:')
      ? fetch(url, options)
      : fetchTrusting(trusting(authorities), url, options);
}

/** `ca` of a TLS connection that trusts these authorities (PEM) as well as public ones. */
export function trusting(authorities: string): string[] {
  return [...getCACertificates('default'), authorities];
}

function fetchTrusting(
  ca: string[],
  url: string,
  { method = 'GET', headers, body, signal }: FetchOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, signal, ca }, (received) => resolve(toResponse(received)));
    // As `fetch` fails: the reason is in the cause.
    sent.on('error', (cause) => reject(new TypeError('fetch failed', { cause: signal.reason ?? cause })));
    sent.end(body);
  });
}

function toResponse(received: IncomingMessage): Response {
  const { statusCode: status = 0, headersDistinct } = received;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  if (!WITHOUT_BODY.includes(status))
    return new Response(Readable.toWeb(received) as ReadableStream<Uint8Array>, { status, headers });
  received.resume();
  return new Response(null, { status, headers });
}
