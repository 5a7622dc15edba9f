import { EventsNotPublishedError, failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { unavailable } from './answers.ts';
import type { Reception } from './receive-webhook.ts';

/** GitLab waits 10 seconds for an answer, including the network and a cold start. */
export const ANSWER_WITHIN_MS = 8000;

/** Answers 503, which means "not delivered", on a failure or when no answer is ready in time. */
export async function answerInTime(
  receive: () => Promise<Reception>,
  timing: Pick<Timing, 'now'>,
  withinMs: number = ANSWER_WITHIN_MS,
): Promise<Reception> {
  const startedAt = timing.now();
  const abandoned = Promise.withResolvers<Reception>();
  const timer = setTimeout(
    () => abandoned.resolve({ answer: unavailable, log: { decision: 'too slow' } }),
    withinMs,
  );
  try {
    const { answer, log } = await Promise.race([receive(), abandoned.promise]);
    return { answer, log: { ...log, milliseconds: timing.now() - startedAt } };
  } catch (error) {
    // AWS repeats refused values in its messages, possibly a token. So only the error's name is logged.
    const problem = error instanceof EventsNotPublishedError ? error.message : undefined;
    return { answer: unavailable, log: { decision: 'failed', failure: failureName(error), problem } };
  } finally {
    clearTimeout(timer);
  }
}
