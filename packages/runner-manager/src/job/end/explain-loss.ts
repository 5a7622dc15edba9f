import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutorContext } from '../../executor-context.ts';
import { hasTold } from '../../task/await-task.ts';
import { explainStop, type StopExplanation } from '../../task/explain-stop.ts';
import { isEnding } from '../../task/task-facts.ts';
import type { JobSession, StartedTask } from '../job-session.ts';
import { isAlive } from '../run/reconnect.ts';

/** ECS tells of a task's end some seconds after the connection to it broke. */
const LONGEST_WAIT_MS = 30_000;
const MS_BETWEEN_LOOKS = 1000;

/**
 * Why the connection to a job's task was lost, in lines for the job log. Waits until ECS has told, within bounds. Every
 * stage that is still to come asks too: it gets the same fault at once, and no line again.
 * @param longestWaitMs milliseconds that ECS may take to say why the task ended
 */
export async function explainLoss(
  context: ExecutorContext,
  session: JobSession | undefined,
  longestWaitMs = LONGEST_WAIT_MS,
): Promise<StopExplanation> {
  if (!session?.task) return system('The job has no task: it was cleaned up, or its preparation failed.');
  if (session.loss) return { ...session.loss, lines: [] };
  session.loss = await findCause(context, session, session.task, longestWaitMs);
  return session.loss;
}

async function findCause(
  { watcher }: ExecutorContext,
  session: JobSession,
  task: StartedTask,
  longestWaitMs: number,
): Promise<StopExplanation> {
  const deadline = Date.now() + longestWaitMs;
  for (;;) {
    await watcher.look();
    const seen = task.lastSeen;
    if (seen && isEnding(seen) && hasTold(seen)) return explainStop(seen);
    if (Date.now() > deadline) break;
    await sleep(MS_BETWEEN_LOOKS);
  }
  if (await isAlive(session)) {
    return {
      fault: 'job',
      lines: [
        "The agent that runs the job's scripts does not answer, though its task runs: the job ended or replaced it, or what is in /.job-agent.",
      ],
    };
  }
  const status = task.lastSeen?.lastStatus ?? 'unknown';
  return system(
    `The connection to the job task ${task.arn} was lost; ECS says it is ${status}. Look at the helper's log, and at the network between managers and jobs.`,
  );
}

function system(line: string): StopExplanation {
  return { fault: 'system', lines: [line] };
}
