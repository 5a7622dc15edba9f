import { messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { repeat } from '../../repeat.ts';
import type { JobSession } from '../job-session.ts';

/** Words that may get lost before the dead man's switch ends a task. */
const HEARTBEATS_A_PATIENCE = 4;

/** Gives the helper a word now and then: without it, its dead man's switch ends the task. */
export function startHeartbeat({ fleet, logger }: ExecutorContext, session: JobSession): void {
  const everyMs = (fleet.job.deadManSeconds * 1000) / HEARTBEATS_A_PATIENCE;
  const stop = repeat(everyMs, async () => {
    try {
      await session.connection?.ask('heartbeat');
    } catch (error) {
      logger.warn('a heartbeat did not reach the helper', {
        jobId: session.identity.jobId,
        error: messageOf(error),
      });
    }
  });
  session.release.push(stop);
}
