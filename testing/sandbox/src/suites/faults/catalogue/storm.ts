import { setTimeout as delay } from 'node:timers/promises';
import { postHook, tokenHeaders } from './post-hook.ts';

/** Maximum number of concurrent requests: the emulator starts a process for each. */
const MAX_CONCURRENT = 8;
/** First id of jobs that other runners took long ago. */
const FIRST_UNKNOWN_ID = 900_000;

/**
 * Posts `count` webhooks evenly over `withinMs` milliseconds: those of `bodies`, and others for jobs of other runners.
 * @returns the status of each answer
 */
export async function storm(
  url: string,
  secret: string,
  bodies: readonly string[],
  count: number,
  withinMs: number,
): Promise<number[]> {
  const all = mix(bodies, count);
  const startedAt = Date.now();
  const answers: number[] = [];
  let next = 0;
  const send = async () => {
    for (let index = next; index < all.length; index = next) {
      next += 1;
      await delay(Math.max(0, startedAt + (index * withinMs) / count - Date.now()));
      answers.push(await postHook(url, all[index] ?? '', tokenHeaders(secret)));
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, send));
  return answers;
}

/** Places `bodies` at even distances. The others are copies of the first with ids of their own. */
function mix(bodies: readonly string[], count: number): string[] {
  const [sample = ''] = bodies;
  const all = Array.from({ length: count }, (_, index) =>
    sample.replace(/"build_id":\s*\d+/, `"build_id":${FIRST_UNKNOWN_ID + index}`),
  );
  bodies.forEach((body, index) => {
    all[Math.floor(((index + 0.5) * count) / bodies.length)] = body;
  });
  return all;
}
