import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 30;

/** Asks until there is an answer other than undefined, and returns it. Times are milliseconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 30_000,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await delay(pauseMs);
  }
}
