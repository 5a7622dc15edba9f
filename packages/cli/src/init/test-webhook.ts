import { setTimeout } from 'node:timers/promises';
import { OperationError } from '../operation-error.ts';

/** Milliseconds within which a new function URL, fleet and secret must be in effect, and between two attempts. */
const READY_WITHIN_MS = 90_000;
const RETRY_MS = 2000;
const REQUEST_MS = 10_000;

/** The webhook did not arrive. The message says what was answered, and what to do. */
export class WebhookTestError extends OperationError {
  override readonly name = 'WebhookTestError';
}

/**
 * Sends a webhook as GitLab does, with the status of no job, until the receiver accepts it. A new function URL takes some seconds
 * until it is in effect, and the receiver remembers for some seconds that a fleet did not exist.
 * @throws {WebhookTestError}
 */
export async function awaitReceiver(url: string, secret: string, now: () => number): Promise<void> {
  const deadline = now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await sendTest(url, secret);
    if (answer === undefined) return;
    if (now() >= deadline)
      throw new WebhookTestError(
        `The receiver ${answer} at ${url}. Run \`sgr doctor\`, and this command again.`,
      );
    await setTimeout(RETRY_MS);
  }
}

/** @returns what the receiver did, unless it accepted the webhook */
async function sendTest(url: string, secret: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-gitlab-event': 'Job Hook',
        'x-gitlab-token': secret,
      },
      body: JSON.stringify({ object_kind: 'build', build_status: 'test' }),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    return response.ok ? undefined : `answers ${response.status}`;
  } catch (error) {
    return `cannot be reached (${error instanceof Error ? reasonOf(error) : String(error)})`;
  }
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message : message;
}
