/** Maximum delay of a Node timer, in milliseconds. */
const MAX_DELAY_MS = 2_147_483_647;

/**
 * Keeps the process running until the signal aborts. A pending promise alone does not: a program without a terminal or a
 * server would end at once.
 * @throws the signal's reason
 */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  const alive = setInterval(() => undefined, MAX_DELAY_MS);
  try {
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
    });
  } finally {
    clearInterval(alive);
  }
}
