import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

/** A failure that a retry may fix: of the network or the server (5xx). */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}

const MAX_RETRIES = 2;

/** Retries `work` after a RetryableError, up to two times. */
export async function withRetries<T>(log: Logger, work: () => Promise<T>, pauseMs = 1000): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryableError) || retry >= MAX_RETRIES) throw error;
      await delay(pauseMs);
      log.warning('Retrying...', { error: messageOf(error) });
    }
  }
}

/** `fetch` that throws network errors as RetryableError. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new RetryableError(messageOf(cause));
  }
}

/** Throws for an unsuccessful response, with the error from the object store's XML. */
export async function expectSuccess(response: Response): Promise<void> {
  if (response.ok) return;
  const body = await response.text().catch(() => '');
  const inTag = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(body)?.[1] ?? '';
  const [code, message] = [inTag('Code'), inTag('Message')];
  const detail = [code && `code: ${code}`, message && `message: ${message}`]
    .filter((part) => part !== '')
    .join(', ');
  const text = `received: ${response.status} ${response.statusText}${detail && `. Request failed with ${detail}`}`;
  throw response.status >= 500 ? new RetryableError(text) : new Error(text);
}

/** A URL without signature and credentials, for logs. */
export function cleanUrl(url: string): string {
  const cleaned = new URL(url);
  cleaned.search = '';
  cleaned.hash = '';
  cleaned.username = '';
  cleaned.password = '';
  return cleaned.toString();
}
