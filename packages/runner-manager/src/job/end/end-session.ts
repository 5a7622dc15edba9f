import { stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ExecutorContext } from '../../executor-context.ts';
import { removeJobFolder } from '../job-folder.ts';
import { type JobSession, releaseSession } from '../job-session.ts';
import { publishFinished } from '../start/job-task-events.ts';
import { releaseLogins, releaseLoginsWhenPulled } from '../start/lease-logins.ts';
import { tellLeave } from './announce-end.ts';

/**
 * Ends all that a job has here: its connection, its task, its files. Works at any moment of a job's life; a second call
 * waits for the first, and tries again what failed. The secrets of its images go when ECS needs them no more, which may be
 * later (`session.loginsReleased`).
 * @throws what StopTask answers, after retries; then the reaper and the dead man's switch are what stops the task
 */
export function endSession(context: ExecutorContext, session: JobSession, reason: string): Promise<void> {
  session.ended ??= end(context, session, reason).catch((error: unknown) => {
    delete session.ended;
    throw error;
  });
  return session.ended;
}

async function end(context: ExecutorContext, session: JobSession, reason: string): Promise<void> {
  const { ecs, cluster } = context.runTask;
  await tellLeave(session);
  releaseSession(session);
  if (session.task) {
    await stopTask(ecs, cluster, session.task.arn, `GitLab job ${session.identity.jobId}: ${reason}`);
    await publishFinished(context, session, session.task);
    session.loginsReleased = releaseLoginsWhenPulled(context.watcher, session);
  } else {
    await releaseLogins(session);
  }
  await removeJobFolder(context.stateFolder, session.id);
}
