import { JobRefusedError, LostStartError, messageOf, SystemFailureError } from './errors.ts';
import type { ExecutorContext } from './executor-context.ts';
import { afterStage, type EndedStage } from './job/after-stage.ts';
import { endSession } from './job/end-session.ts';
import { explainLoss } from './job/explain-loss.ts';
import { createJobLog, type JobLog } from './job/job-log.ts';
import { type JobRequest, jobIdOf, readJobRequest } from './job/job-request.ts';
import { type JobSession, newSession } from './job/job-session.ts';
import { publishStarted } from './job/job-task-events.ts';
import { prepareJob } from './job/prepare-job.ts';
import { reconnect } from './job/reconnect.ts';
import { stopLostTask } from './job/stop-lost-task.ts';
import { summarizeTask } from './job/summarize-task.ts';

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
  /** Ends what the job has here. Works however far `prepare` came, and again. */
  cleanup(environment: HookEnvironment): Promise<void>;
  /** Writes to the job log why the connection to the job's task was lost. */
  why(jobId: number, write: (line: string) => void): Promise<HookResult>;
  /** Opens a job's lost connection anew; whether there is one over which its stage can go on. */
  again(jobId: number): Promise<boolean>;
  /** Lines for the job log after a stage that ended. */
  afterStage(jobId: number, stage: EndedStage): Promise<readonly string[]>;
  /** Ends all jobs that are left: the manager is leaving. */
  endAll(reason: string): Promise<void>;
}

/** Makes the executor: it knows the jobs between their first `prepare` and their `cleanup`. */
export function createJobExecutor(context: ExecutorContext): JobExecutor {
  const sessions = new Map<number, JobSession>();
  const leaving = new AbortController();
  let starts = 0;

  /** A runner tries up to three times to prepare a job: each try is a session, and starts a task, of its own. */
  const begin = async (request: JobRequest): Promise<JobSession> => {
    const { jobId } = request.identity;
    const earlier = sessions.get(jobId);
    if (earlier) await finish(earlier, 'prepared anew');
    starts += 1;
    const session = newSession(request.identity, `${jobId}-${starts}`);
    sessions.set(jobId, session);
    return session;
  };

  const finish = async (session: JobSession, reason: string) => {
    session.abort.abort(new SystemFailureError('the job was cancelled'));
    // RunTask may be on its way: its answer names the task to stop.
    await session.prepared;
    await endSession(context, session, reason);
    if (sessions.get(session.identity.jobId) === session) sessions.delete(session.identity.jobId);
  };

  return {
    async prepare(environment, write, hangUp) {
      const log = createJobLog(write);
      try {
        const request = await readJobRequest(environment);
        const session = await begin(request);
        const preparing = prepareOrEnd({ context, session, request, log, hangUp, leaving: leaving.signal });
        session.prepared = preparing.catch(() => {});
        await preparing;
        return 'success';
      } catch (error) {
        return resultOf(context, error, log);
      }
    },

    async cleanup(environment) {
      const session = sessions.get(jobIdOf(environment) ?? 0);
      if (session) await finish(session, 'the job is over');
    },

    async why(jobId, write) {
      const session = sessions.get(jobId);
      const { lines, fault } = await explainLoss(context, session);
      const log = createJobLog(write);
      for (const line of lines) log.complain(line);
      if (session) for (const line of summarizeTask(session)) log.say(line);
      return fault === 'job' ? 'build-failure' : 'system-failure';
    },

    async again(jobId) {
      const session = sessions.get(jobId);
      return session !== undefined && (await reconnect(context, session));
    },

    async afterStage(jobId, stage) {
      const session = sessions.get(jobId);
      return session ? afterStage(context, session, stage) : [];
    },

    async endAll(reason) {
      leaving.abort();
      await Promise.allSettled([...sessions.values()].map((session) => finish(session, reason)));
    },
  };
}

interface PreparationOrders {
  context: ExecutorContext;
  session: JobSession;
  request: JobRequest;
  log: JobLog;
  /** Aborts when the hook went away: the job was cancelled. */
  hangUp: AbortSignal;
  /** Aborts when the manager leaves. */
  leaving: AbortSignal;
}

async function prepareOrEnd(orders: PreparationOrders): Promise<void> {
  const { context, session, request, log, hangUp } = orders;
  const onHangUp = () => session.abort.abort(new SystemFailureError('the job was cancelled'));
  hangUp.addEventListener('abort', onHangUp, { once: true });
  if (hangUp.aborted) onHangUp();
  try {
    await prepareJob(context, session, request, log);
    // The job does not wait until somebody was told of it.
    void publishStarted(context, session);
  } catch (error) {
    // Not left to cleanup: what could not start must not run on while the runner thinks about trying again.
    await endSession(context, session, `not started: ${messageOf(error)}`);
    if (error instanceof LostStartError) void stopLostTask(context, session.startId, orders.leaving);
    for (const line of summarizeTask(session)) log.say(line);
    throw error;
  } finally {
    hangUp.removeEventListener('abort', onHangUp);
  }
}

function resultOf({ logger }: ExecutorContext, error: unknown, log: JobLog): HookResult {
  if (error instanceof JobRefusedError) {
    for (const line of error.lines) log.complain(line);
    return 'build-failure';
  }
  logger.warn('a job could not be prepared', { error: messageOf(error) });
  log.complain(messageOf(error));
  return 'system-failure';
}
