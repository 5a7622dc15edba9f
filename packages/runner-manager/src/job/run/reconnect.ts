import type { ExecutorContext } from '../../executor-context.ts';
import { hasContainerEnded } from '../../task/task-facts.ts';
import type { JobSession } from '../job-session.ts';

/** Maximum milliseconds until a helper answers a new connection, and until it answers over an open one. */
const RECONNECT_MS = 20_000;
const ALIVE_MS = 5000;

/**
 * Reopens the connection of a job after a stage lost it, unless the task has ended. The stage itself continues without a
 * connection for a while (see `images/job-base/helper/run-stage`).
 * @returns whether there is a new connection over which the stage can be requested again
 */
export async function reconnect({ watcher, logger }: ExecutorContext, session: JobSession): Promise<boolean> {
  const { task, connection } = session;
  if (!task || !connection || session.loss) return false;
  const over = new AbortController();
  const unwatch = watcher.watch(
    task.arn,
    (view) => {
      if (view.kind === 'gone' || hasContainerEnded(view.task)) over.abort();
    },
    { closely: true },
  );
  const signal = AbortSignal.any([over.signal, session.abort.signal, AbortSignal.timeout(RECONNECT_MS)]);
  try {
    await watcher.poll();
    if (signal.aborted || (await isAlive(session))) return false;
    await connection.reopen(signal);
    logger.warn('the connection to a job task was lost and reopened', { taskArn: task.arn });
    return true;
  } catch {
    // The job log explains the loss from what ECS reports of the task.
    return false;
  } finally {
    unwatch();
  }
}

/** Whether the connection is open. If so, the stage was lost because its container ended or its agent does not respond. */
export async function isAlive({ connection }: JobSession): Promise<boolean> {
  const answer = connection?.ask('heartbeat', { deadlineMs: ALIVE_MS });
  return (await answer?.then(() => true).catch(() => false)) ?? false;
}
