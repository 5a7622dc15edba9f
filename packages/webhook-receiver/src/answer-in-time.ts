import { EventsNotPublishedError, failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { unavailable } from './answers.ts';
import type { Reception } from './receive-webhook.ts';

/** GitLab waits 10 seconds for an answer; some of them belong to the network and to a cold start. */
export const ANSWER_WITHIN_MS = 8000;

/** Turns a failure, or an answer that is not there in time, into the 503 that says: this was not delivered. */
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
    // AWS repeats refused values in its messages, a token among them: only its names are logged.
    const problem = error instanceof EventsNotPublishedError ? error.message : undefined;
    return { answer: unavailable, log: { decision: 'failed', failure: failureName(error), problem } };
  } finally {
    clearTimeout(timer);
  }
}
