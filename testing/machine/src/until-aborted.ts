/** The longest time that a timer of Node takes, in milliseconds. */
const LONGEST_MS = 2_147_483_647;

/**
 * Keeps the process running until the signal aborts: a promise alone does not, so that a program with nothing else to wait
 * for, no terminal and no server, would end at once.
 * @throws the signal's reason
 */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  const alive = setInterval(() => undefined, LONGEST_MS);
  try {
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
    });
  } finally {
    clearInterval(alive);
  }
}
