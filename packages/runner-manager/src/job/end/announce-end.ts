import type { Task } from '@aws-sdk/client-ecs';
import { SPOT_STOP_TIMEOUT } from '../../task/task-definition.ts';
import { isSpotInterruption } from '../../task/task-facts.ts';
import { createJobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';

/** The task is ending anyway: an answer that takes longer than this changes nothing. */
const DEADLINE_MS = 3000;

/**
 * Explains the TERM that ECS sends to the task's containers, which cannot tell a Spot interruption from an ordinary stop:
 * on Spot the job goes on and its log says until when; else its containers end at once. Until the helper has heard it,
 * every look at the ending task tries again.
 */
export async function announceEnd(session: JobSession, task: Task): Promise<void> {
  if (session.told.has('end')) return;
  session.told.add('end');
  const isHeard = isSpotInterruption(task) ? await tellSpot(session, task) : await tellLeave(session);
  if (!isHeard) session.told.delete('end');
}

/** Has the task's containers end as soon as ECS asks them to. @returns whether the helper heard it */
export async function tellLeave({ connection }: JobSession): Promise<boolean> {
  return isAnswered(connection?.ask('leave', { deadlineMs: DEADLINE_MS }));
}

async function tellSpot({ connection }: JobSession, { stoppingAt = new Date() }: Task): Promise<boolean> {
  const until = new Date(stoppingAt.getTime() + SPOT_STOP_TIMEOUT.build * 1000).toISOString().slice(11, 19);
  let input = '';
  createJobLog((line) => {
    input += `${line}\n`;
  }).warn([`AWS takes this Spot task back at ${until} UTC; what finishes by then succeeds.`]);
  return isAnswered(connection?.ask('spot', { input, deadlineMs: DEADLINE_MS }));
}

async function isAnswered(answer: Promise<unknown> | undefined): Promise<boolean> {
  return (await answer?.then(() => true).catch(() => false)) ?? false;
}
