import { messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { repeat } from '../../repeat.ts';
import type { JobConnection } from './open-connection.ts';

/** Heartbeats per `job.deadManSeconds`: the helper stops the task only after several of them were lost. */
const HEARTBEATS_PER_TIMEOUT = 4;

/**
 * Sends heartbeats to the helper. Without them, its dead man's switch stops the task.
 * @returns stops sending them
 */
export function startHeartbeat(
  { fleet, logger }: Pick<ExecutorContext, 'fleet' | 'logger'>,
  connection: Pick<JobConnection, 'ask'>,
  taskArn: string,
): () => void {
  const everyMs = (fleet.job.deadManSeconds * 1000) / HEARTBEATS_PER_TIMEOUT;
  return repeat(everyMs, async () => {
    try {
      await connection.ask('heartbeat');
    } catch (error) {
      logger.warn('could not send a heartbeat to the helper', { taskArn, error: messageOf(error) });
    }
  });
}
