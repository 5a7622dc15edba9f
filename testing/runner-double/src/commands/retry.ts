import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

/** A failure that another try may mend: the network, or a server's own (5xx). */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}

const RETRIES = 2;

/** Up to two more tries, a second apart, of what failed retryably. */
export async function withRetries<T>(log: Logger, work: () => Promise<T>, pauseMs = 1000): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RetryableError) || retry >= RETRIES) throw error;
      await delay(pauseMs);
      log.warning('Retrying...', { error: messageOf(error) });
    }
  }
}

/** `fetch` whose failures on the way may be tried again. */
export async function request(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new RetryableError(messageOf(cause));
  }
}

/** Throws for an answer that is none of success, with what the object store says in its XML. */
export async function expectSuccess(response: Response): Promise<void> {
  if (response.ok) return;
  const body = await response.text().catch(() => '');
  const inTag = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(body)?.[1] ?? '';
  const [code, message] = [inTag('Code'), inTag('Message')];
  const told = [code && `code: ${code}`, message && `message: ${message}`]
    .filter((part) => part !== '')
    .join(', ');
  const text = `received: ${response.status} ${response.statusText}${told && `. Request failed with ${told}`}`;
  throw response.status >= 500 ? new RetryableError(text) : new Error(text);
}

/** A URL as logs may show it: without its signature. */
export function cleanUrl(url: string): string {
  const cleaned = new URL(url);
  cleaned.search = '';
  cleaned.hash = '';
  cleaned.username = '';
  cleaned.password = '';
  return cleaned.toString();
}
