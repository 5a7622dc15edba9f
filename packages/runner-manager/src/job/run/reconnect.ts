import type { ExecutorContext } from '../../executor-context.ts';
import { hasContainerEnded } from '../../task/task-facts.ts';
import type { JobSession } from '../job-session.ts';

/** Milliseconds that a helper may take to answer a new connection, and to answer over one that still stands. */
const RECONNECT_MS = 20_000;
const ALIVE_MS = 5000;

/**
 * Opens the connection of a job anew after a stage lost it, unless the task is over. The stage itself goes on without a
 * connection for a while (see `images/job-base/helper/run-stage`).
 * @returns whether there is a new connection over which the stage can be asked for again
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
    await watcher.look();
    if (signal.aborted || (await isAlive(session))) return false;
    await connection.reopen(signal);
    logger.warn('the connection to a job task was lost and opened again', { taskArn: task.arn });
    return true;
  } catch {
    // The loss is explained to the job by what ECS says of its task.
    return false;
  } finally {
    unwatch();
  }
}

/** Whether the connection stands: then the stage was lost because its container ended, or its agent does not answer. */
export async function isAlive({ connection }: JobSession): Promise<boolean> {
  const answer = connection?.ask('heartbeat', { deadlineMs: ALIVE_MS });
  return (await answer?.then(() => true).catch(() => false)) ?? false;
}
