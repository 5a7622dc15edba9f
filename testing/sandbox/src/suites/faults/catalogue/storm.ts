import { setTimeout as delay } from 'node:timers/promises';
import { postHook, tokenHeaders } from './post-hook.ts';

/** Requests under way at one time: the emulator starts a process for each. */
const AT_ONCE = 8;
/** Ids of jobs that were taken elsewhere long before. */
const FIRST_STRANGER = 900_000;

/**
 * Posts so many webhooks, evenly over a time: those of `bodies` among others of jobs that somebody else has.
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
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return answers;
}

/** Ours at even distances; the others are copies of the first with ids of their own. */
function mix(bodies: readonly string[], count: number): string[] {
  const [sample = ''] = bodies;
  const all = Array.from({ length: count }, (_, index) =>
    sample.replace(/"build_id":\s*\d+/, `"build_id":${FIRST_STRANGER + index}`),
  );
  bodies.forEach((body, index) => {
    all[Math.floor(((index + 0.5) * count) / bodies.length)] = body;
  });
  return all;
}
