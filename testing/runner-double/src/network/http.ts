import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { USER_AGENT } from '../version.ts';

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to `/api/v4/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | (() => FormData | Promise<FormData>);
  readonly signal?: AbortSignal;
};

/** A response, or status 0 with the error if there was none. */
export type Reply =
  | { readonly status: 0; readonly error: Error }
  | {
      readonly status: number;
      readonly statusText: string;
      readonly headers: Headers;
      readonly response: Response;
    };

/** GitLab's retry rules for runners: docs/configuration/proxy.md, "Handling rate limited requests". */
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const ATTEMPTS = 5;
const BACKOFF = { initial: 100, max: 60_000 };

function isRetried(status: number): boolean {
  return RETRIED.has(status) || status >= 512;
}

/** Milliseconds to wait before attempt `attempt + 1`: as requested by the server, otherwise doubling with jitter. */
export function retryDelay(headers: Headers, attempt: number, now = Date.now()): number {
  const reset = Date.parse(headers.get('RateLimit-ResetTime') ?? '');
  if (!Number.isNaN(reset) && reset > now) return reset - now;
  const after = Number(headers.get('Retry-After') ?? '');
  if (after > 0) return after * 1000;
  const max = Math.min(BACKOFF.max, BACKOFF.initial * 2 ** attempt);
  return BACKOFF.initial + Math.random() * (max - BACKOFF.initial);
}

/** The API's base URL for a runner's `url`, such as `https://gitlab.example.com/api/v4/`. */
export function apiBase(url: string): string {
  return `${url.replace(/\/+$/, '').replace(/\/ci$/, '')}/api/v4/`;
}

/** Sends a request, with retries while the server is overloaded or failing. Network errors are returned, not thrown. */
export async function send(baseUrl: string, request: Request): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const reply = await sendOnce(baseUrl, request);
    if (!('response' in reply) || !isRetried(reply.status) || attempt >= ATTEMPTS) return reply;
    await reply.response.body?.cancel();
    try {
      await sleep(
        retryDelay(reply.headers, attempt),
        undefined,
        request.signal ? { signal: request.signal } : {},
      );
    } catch {
      return { status: 0, error: new Error('the request was canceled') };
    }
  }
}

async function sendOnce(baseUrl: string, request: Request): Promise<Reply> {
  const { method, path, body, signal } = request;
  try {
    const response = await fetch(new URL(path, apiBase(baseUrl)), {
      method,
      headers: {
        'User-Agent': USER_AGENT,
        'X-Request-Id': randomUUID().replaceAll('-', ''),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'function' ? await body() : body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, statusText: response.statusText, headers: response.headers, response };
  } catch (error) {
    return { status: 0, error: withCause(error) };
  }
}

/** Adds the cause to the message: `fetch` only reports "fetch failed". */
function withCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? new Error(`${error.message}: ${error.cause.message}`) : error;
}

/** Describes a reply for the log: its status and the message of a JSON body, or the error if there was no response. */
export async function describe(reply: Reply): Promise<string> {
  if (!('response' in reply)) return reply.error.message;
  const line = `${reply.status} ${reply.statusText}`.trim();
  const text = await reply.response.text().catch(() => '');
  if (reply.status < 300) return line;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      const { message, error } = { message: undefined, error: undefined, ...parsed };
      const detail = message ?? error;
      if (typeof detail === 'string' && detail !== '') return `${line}: ${detail}`;
    }
  } catch {
    // Not JSON: the status line suffices.
  }
  return line;
}
