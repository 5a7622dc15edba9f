import { jobStopReason, stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { ExecutorContext } from '../../executor-context.ts';
import { removeJobFolder } from '../job-folder.ts';
import { type JobSession, releaseSession } from '../job-session.ts';
import { logEnded } from '../log-job.ts';
import { publishFinished } from '../start/job-task-events.ts';
import { releaseLogins, releaseLoginsWhenPulled } from '../start/lease-logins.ts';
import { announceLeave } from './announce-end.ts';
import { decideJobEnd } from './decide-job-end.ts';

/**
 * Ends a job's connection and task and removes its files. Works at any point of a job's life. A second call waits for the
 * first, and retries if that failed. The secrets of its images are deleted when ECS no longer needs them, which may be later
 * (`session.loginsReleased`).
 * @throws StopTask's error, after retries; the reaper or the dead man's switch then stops the task
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
  context.ahead?.ended(session.id);
  const outcome = decideJobEnd(session);
  await announceLeave(session);
  releaseSession(session);
  if (session.task) {
    await stopTask(ecs, cluster, session.task.arn, jobStopReason(session.identity.jobId, reason));
    await publishFinished(context, session, session.task);
    session.loginsReleased = releaseLoginsWhenPulled(context.watcher, session);
  } else {
    await releaseLogins(session);
  }
  logEnded(context, session, outcome, reason);
  await removeJobFolder(context.stateFolder, session.id);
}
