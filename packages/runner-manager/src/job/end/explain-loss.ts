import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutorContext } from '../../executor-context.ts';
import { hasStopReasons } from '../../task/await-task.ts';
import { explainStop, type StopExplanation } from '../../task/explain-stop.ts';
import { isEnding } from '../../task/task-facts.ts';
import type { JobSession, StartedTask } from '../job-session.ts';
import { isAlive } from '../run/reconnect.ts';

/** ECS reports a task's end some seconds after the connection to it broke. */
const MAX_WAIT_MS = 30_000;
const POLL_MS = 1000;

/**
 * Explains why the connection to a job's task was lost, in lines for the job log. Waits for ECS's reason, up to a limit. Later
 * stages ask too: they get the same fault at once, without lines.
 * @param maxWaitMs milliseconds to wait for ECS's reason
 */
export async function explainLoss(
  context: ExecutorContext,
  session: JobSession | undefined,
  maxWaitMs = MAX_WAIT_MS,
): Promise<StopExplanation> {
  if (!session?.task) return system('The job has no task: it was cleaned up, or its preparation failed.');
  if (session.loss) return { ...session.loss, lines: [] };
  session.loss = await findCause(context, session, session.task, maxWaitMs);
  return session.loss;
}

async function findCause(
  { watcher }: ExecutorContext,
  session: JobSession,
  task: StartedTask,
  maxWaitMs: number,
): Promise<StopExplanation> {
  const deadline = Date.now() + maxWaitMs;
  for (;;) {
    await watcher.poll();
    const seen = task.lastSeen;
    if (seen && isEnding(seen) && hasStopReasons(seen)) return explainStop(seen);
    if (Date.now() > deadline) break;
    await sleep(POLL_MS);
  }
  if (await isAlive(session)) {
    return {
      fault: 'job',
      lines: [
        "The agent that runs the job's scripts does not respond, although the task is running: the job killed or replaced it, or changed files in /.job-agent.",
      ],
    };
  }
  const status = task.lastSeen?.lastStatus ?? 'unknown';
  return system(
    `The connection to the job task ${task.arn} was lost; ECS reports it as ${status}. Check the helper's log and the network between managers and jobs.`,
  );
}

function system(line: string): StopExplanation {
  return { fault: 'system', lines: [line] };
}
