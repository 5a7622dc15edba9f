import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutorContext } from '../executor-context.ts';
import { hasTold } from '../task/await-task.ts';
import { explainStop, type StopExplanation } from '../task/explain-stop.ts';
import { isEnding } from '../task/task-facts.ts';
import type { JobSession } from './job-session.ts';

/** ECS tells of a task's end some seconds after the connection to it broke. */
const LONGEST_WAIT_MS = 30_000;
const MS_BETWEEN_LOOKS = 1000;

/** Why the connection to a job's task was lost, in lines for the job log. Waits until ECS has told, within bounds. */
export async function explainLoss(
  { watcher }: ExecutorContext,
  session: JobSession | undefined,
): Promise<StopExplanation> {
  const task = session?.task;
  if (!task) return system('The job has no task: it was cleaned up, or its preparation failed.');
  const deadline = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    await watcher.look();
    const seen = task.lastSeen;
    if (seen && isEnding(seen) && hasTold(seen)) return explainStop(seen);
    if (Date.now() > deadline) break;
    await sleep(MS_BETWEEN_LOOKS);
  }
  const status = task.lastSeen?.lastStatus ?? 'unknown';
  return system(
    `The connection to the job task ${task.arn} was lost; ECS says it is ${status}. Look at the helper's log, and at the network between managers and jobs.`,
  );
}

function system(line: string): StopExplanation {
  return { fault: 'system', lines: [line] };
}
