import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 30;

/** Asks until there is an answer other than undefined, and returns it. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await delay(POLL_MS);
  }
}
