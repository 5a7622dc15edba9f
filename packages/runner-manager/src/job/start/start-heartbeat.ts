import { messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { repeat } from '../../repeat.ts';
import type { JobSession } from '../job-session.ts';

/** Heartbeats per `job.deadManSeconds`: the helper stops the task only after several of them were lost. */
const HEARTBEATS_PER_TIMEOUT = 4;

/** Sends heartbeats to the helper. Without them, its dead man's switch stops the task. */
export function startHeartbeat({ fleet, logger }: ExecutorContext, session: JobSession): void {
  const everyMs = (fleet.job.deadManSeconds * 1000) / HEARTBEATS_PER_TIMEOUT;
  const stop = repeat(everyMs, async () => {
    try {
      await session.connection?.ask('heartbeat');
    } catch (error) {
      logger.warn('could not send a heartbeat to the helper', {
        jobId: session.identity.jobId,
        error: messageOf(error),
      });
    }
  });
  session.release.push(stop);
}
