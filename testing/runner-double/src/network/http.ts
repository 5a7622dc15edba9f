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

/** What came back; `status` is 0 when nothing did (`error` says why). */
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
const BACKOFF = { first: 100, longest: 60_000 };

function isRetried(status: number): boolean {
  return RETRIED.has(status) || status >= 512;
}

/** Milliseconds to wait before attempt `attempt + 1`: what the server asks for, else doubling with jitter. */
export function retryDelay(headers: Headers, attempt: number, now = Date.now()): number {
  const reset = Date.parse(headers.get('RateLimit-ResetTime') ?? '');
  if (!Number.isNaN(reset) && reset > now) return reset - now;
  const after = Number(headers.get('Retry-After') ?? '');
  if (after > 0) return after * 1000;
  const longest = Math.min(BACKOFF.longest, BACKOFF.first * 2 ** attempt);
  return BACKOFF.first + Math.random() * (longest - BACKOFF.first);
}

/** `https://gitlab.example.com/api/v4/` of a runner's `url`. */
export function apiBase(url: string): string {
  return `${url.replace(/\/+$/, '').replace(/\/ci$/, '')}/api/v4/`;
}

/** Sends a request, again while the server is overloaded or failing. Network errors are reported, not thrown: callers decide what they mean. */
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
      return { status: 0, error: new Error('the request was given up') };
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

/** `fetch` says "fetch failed" and keeps the reason in `cause`. */
function withCause(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? new Error(`${error.message}: ${error.cause.message}`) : error;
}

/** `403 Forbidden`, or the message of a JSON answer, or why there was no answer: for a log. */
export async function describe(reply: Reply): Promise<string> {
  if (!('response' in reply)) return reply.error.message;
  const line = `${reply.status} ${reply.statusText}`.trim();
  const text = await reply.response.text().catch(() => '');
  if (reply.status < 300) return line;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      const { message, error } = { message: undefined, error: undefined, ...parsed };
      const said = message ?? error;
      if (typeof said === 'string' && said !== '') return `${line}: ${said}`;
    }
  } catch {
    // Not JSON: the status line says enough.
  }
  return line;
}
