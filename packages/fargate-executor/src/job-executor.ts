import { JobRefusedError, messageOf, SystemFailureError } from './errors.ts';
import type { ExecutorContext } from './executor-context.ts';
import { explainLoss } from './job/explain-loss.ts';
import { removeJobFolder } from './job/job-folder.ts';
import { createJobLog, type JobLog } from './job/job-log.ts';
import { jobIdOf, readJobRequest } from './job/job-request.ts';
import { type JobSession, releaseSession } from './job/job-session.ts';
import { publishFinished, publishStarted } from './job/job-task-events.ts';
import { prepareJob } from './job/prepare-job.ts';
import { stopTask } from './job/stop-job-task.ts';

/** How a hook ends: as a success, as the job's fault, or as ours. The hook knows the exit codes that mean these. */
export type HookResult = 'success' | 'build-failure' | 'system-failure';

type HookEnvironment = ReadonlyMap<string, string>;

/** What the hooks ask of the resident process. */
export interface JobExecutor {
  /** @param hangUp aborts when the hook went away: the job was cancelled */
  prepare(
    environment: HookEnvironment,
    write: (line: string) => void,
    hangUp: AbortSignal,
  ): Promise<HookResult>;
  cleanup(environment: HookEnvironment): Promise<HookResult>;
  /** Lines for the job log: why the connection to the job's task was lost. */
  why(jobId: number): Promise<readonly string[]>;
  /** Ids of jobs that are not cleaned up. */
  jobIds(): number[];
  /** Stops the tasks of all jobs that are left: the manager is leaving. */
  stopAll(reason: string): Promise<void>;
}

export function createJobExecutor(context: ExecutorContext): JobExecutor {
  const sessions = new Map<number, JobSession>();
  const attempts = new Map<number, number>();

  const begin = async (environment: HookEnvironment, hangUp: AbortSignal) => {
    const request = await readJobRequest(environment);
    const { identity } = request;
    await endSession(context, sessions, identity.jobId, 'prepared anew');
    const attempt = (attempts.get(identity.jobId) ?? 0) + 1;
    attempts.set(identity.jobId, attempt);
    const session: JobSession = { identity, attempt, abort: new AbortController(), release: [] };
    sessions.set(identity.jobId, session);
    const onHangUp = () => session.abort.abort(new SystemFailureError('the job was cancelled'));
    hangUp.addEventListener('abort', onHangUp, { once: true });
    session.release.push(() => hangUp.removeEventListener('abort', onHangUp));
    if (hangUp.aborted) onHangUp();
    return { session, request };
  };

  return {
    async prepare(environment, write, hangUp) {
      const log = createJobLog(write);
      try {
        const { session, request } = await begin(environment, hangUp);
        try {
          await prepareJob(context, session, request, log);
        } catch (error) {
          // Not left to cleanup: what could not start must not run on while the runner thinks about trying again.
          await endSession(context, sessions, session.identity.jobId, `not started: ${messageOf(error)}`);
          throw error;
        }
        await publishStarted(context, session);
        return 'success';
      } catch (error) {
        return failed(context, error, log);
      }
    },

    async cleanup(environment) {
      const jobId = jobIdOf(environment);
      if (jobId === undefined) return 'success';
      await endSession(context, sessions, jobId, 'the job is over');
      return 'success';
    },

    why: (jobId) => explainLoss(context, sessions.get(jobId)),
    jobIds: () => [...sessions.keys()],

    async stopAll(reason) {
      const left = [...sessions.keys()];
      await Promise.allSettled(left.map((jobId) => endSession(context, sessions, jobId, reason)));
    },
  };
}

function failed({ logger }: ExecutorContext, error: unknown, log: JobLog): HookResult {
  if (error instanceof JobRefusedError) {
    for (const line of error.lines) log.complain(line);
    return 'build-failure';
  }
  logger.warn('a job could not be prepared', { error: messageOf(error) });
  log.complain(messageOf(error));
  return 'system-failure';
}

/** Ends all that a job has here; works at any moment of its life, and again. */
async function endSession(
  context: ExecutorContext,
  sessions: Map<number, JobSession>,
  jobId: number,
  reason: string,
): Promise<void> {
  const session = sessions.get(jobId);
  if (session) {
    releaseSession(session);
    const { task } = session;
    if (task) {
      await stopTask(
        context.runTask.ecs,
        context.runTask.cluster,
        task.arn,
        `GitLab job ${jobId}: ${reason}`,
      );
      await publishFinished(context, session, task);
    }
    sessions.delete(jobId);
  }
  await removeJobFolder(context.stateFolder, jobId);
}
