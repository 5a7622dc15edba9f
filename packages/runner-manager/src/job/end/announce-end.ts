import type { Task } from '@aws-sdk/client-ecs';
import { SPOT_STOP_TIMEOUT } from '../../task/task-definition.ts';
import { isSpotInterruption } from '../../task/task-facts.ts';
import { createJobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';

/** The task is ending anyway, so a later answer changes nothing. */
const DEADLINE_MS = 3000;

/**
 * Tells the helper why ECS sends TERM to the task's containers, which cannot distinguish a Spot interruption from an ordinary
 * stop. On Spot the job continues, and its log says until when; otherwise the containers end at once. Each poll of the ending
 * task retries until the helper has acknowledged it.
 */
export async function announceEnd(session: JobSession, task: Task): Promise<void> {
  if (session.reported.has('end')) return;
  session.reported.add('end');
  const isAcknowledged = isSpotInterruption(task)
    ? await announceSpot(session, task)
    : await announceLeave(session);
  if (!isAcknowledged) session.reported.delete('end');
}

/** Lets the task's containers end as soon as ECS sends TERM. @returns whether the helper acknowledged it */
export async function announceLeave({ connection }: JobSession): Promise<boolean> {
  return isAnswered(connection?.ask('leave', { deadlineMs: DEADLINE_MS }));
}

async function announceSpot({ connection }: JobSession, { stoppingAt = new Date() }: Task): Promise<boolean> {
  const until = new Date(stoppingAt.getTime() + SPOT_STOP_TIMEOUT.build * 1000).toISOString().slice(11, 19);
  let input = '';
  createJobLog((line) => {
    input += `${line}\n`;
  }).warn([`AWS reclaims this Spot task at ${until} UTC. A job that finishes by then succeeds.`]);
  return isAnswered(connection?.ask('spot', { input, deadlineMs: DEADLINE_MS }));
}

async function isAnswered(answer: Promise<unknown> | undefined): Promise<boolean> {
  return (await answer?.then(() => true).catch(() => false)) ?? false;
}
