import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 30;

/**
 * Polls until the result is not undefined, and returns it. Times are in milliseconds.
 * @param what names the condition in the error
 */
export async function until<T>(
  what: string,
  poll: () => Promise<T | undefined>,
  timeoutMs = 30_000,
  intervalMs = POLL_INTERVAL_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await poll();
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new Error(`Timed out after ${timeoutMs} ms waiting for ${what}`);
    await delay(intervalMs);
  }
}
