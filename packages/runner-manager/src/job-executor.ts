import { setTimeout as sleep } from 'node:timers/promises';
import { JobRefusedError, LostStartError, messageOf, SystemFailureError } from './errors.ts';
import type { ExecutorContext } from './executor-context.ts';
import { endSession } from './job/end/end-session.ts';
import { explainLoss } from './job/end/explain-loss.ts';
import { stopLostTask } from './job/end/stop-lost-task.ts';
import { summarizeTask } from './job/end/summarize-task.ts';
import { createJobLog, type JobLog } from './job/job-log.ts';
import { type JobSession, newSession } from './job/job-session.ts';
import { logReady, logScriptStarted, logTaken } from './job/log-job.ts';
import { jobIdentity } from './job/request/job-identity.ts';
import { type HookEnvironment, type JobRequest, jobRequest } from './job/request/job-request.ts';
import { readJobResponse } from './job/request/job-response.ts';
import { afterStage, type EndedStage } from './job/run/after-stage.ts';
import { reconnect } from './job/run/reconnect.ts';
import { publishStarted } from './job/start/job-task-events.ts';
import { abandonLogins } from './job/start/lease-logins.ts';
import { prepareJob } from './job/start/prepare-job.ts';

/** A hook's result: success, a failure of the job, or a failure of the system. The hook maps it to the runner's exit codes. */
export type HookResult = 'success' | 'build-failure' | 'system-failure';

/** An unfinished job, with what reporting its end to GitLab needs. */
export interface OpenJob {
  jobId: number;
  token: string;
}

/** The operations that the hooks request of the resident process. */
export interface JobExecutor {
  /**
   * Opens a session: one attempt of the runner to prepare a job.
   * @param jobResponseFile file to which the runner wrote the job as GitLab sent it
   * @returns the session's id, which the later hooks pass
   * @throws {SystemFailureError} when the file does not identify the job
   */
  open(jobResponseFile: string): Promise<string>;
  /** @param hangUp aborts when the hook disconnected, because the job was cancelled */
  prepare(
    sessionId: string,
    environment: HookEnvironment,
    write: (line: string) => void,
    hangUp: AbortSignal,
  ): Promise<HookResult>;
  /** Ends a session. Works at any point of `prepare`, and repeatedly. Does nothing for an unknown session. */
  cleanup(sessionId: string): Promise<void>;
  /** Writes to the job log why the connection to the job's task was lost. */
  why(sessionId: string, write: (line: string) => void): Promise<HookResult>;
  /** Reopens a job's lost connection. @returns whether there is a connection over which its stage can continue */
  again(sessionId: string): Promise<boolean>;
  /** The job's script begins. */
  scriptStarts(sessionId: string): void;
  /** Lines for the job log after a stage that ended. */
  afterStage(sessionId: string, stage: EndedStage): Promise<readonly string[]>;
  /** Jobs between their `config` and their `cleanup`. */
  openJobs(): readonly OpenJob[];
  /** Ends all remaining jobs, because the manager is leaving. */
  endAll(reason: string): Promise<void>;
}

/** A session without a `prepare` is removed after this time: the runner abandoned it after its `config`. */
const UNPREPARED_MS = 600_000;

/** Maximum time that a leaving manager waits until its tasks no longer need their logins. The reaper removes the rest. */
const LOGINS_RELEASED_MS = 15_000;

/** Creates the executor, which knows the jobs between their `config` and their `cleanup`. */
export function createJobExecutor(context: ExecutorContext): JobExecutor {
  const sessions = new Map<string, JobSession>();
  const leaving = new AbortController();

  const finish = async (session: JobSession, reason: string) => {
    session.abort.abort(new SystemFailureError('The job was cancelled'));
    // RunTask may be in flight: its response names the task to stop.
    await session.prepared;
    await endSession(context, session, reason);
    sessions.delete(session.id);
  };

  /** An attempt whose cleanup failed left its session. The next attempt for the same job ends it. */
  const finishEarlier = async ({ id, identity: { jobId } }: JobSession) => {
    const earlier = [...sessions.values()].filter((each) => each.identity.jobId === jobId && each.id !== id);
    await Promise.all(earlier.map((each) => finish(each, 'the runner prepares the job again')));
  };

  /** Takes the job out of its session, so that it is prepared only once. */
  const take = (sessionId: string, environment: HookEnvironment) => {
    const session = sessions.get(sessionId);
    if (!session)
      throw new SystemFailureError('The runner prepares a job without a session from its config hook');
    const { response } = session;
    if (!response) throw new SystemFailureError('The runner prepares a job twice in one session');
    session.response = undefined;
    return { session, request: jobRequest(response, environment) };
  };

  return {
    async open(jobResponseFile) {
      const response = await readJobResponse(jobResponseFile);
      const session = newSession(jobIdentity(response, context.fleet.gitlabUrl), response);
      sessions.set(session.id, session);
      logTaken(context, session);
      setTimeout(() => session.response && sessions.delete(session.id), UNPREPARED_MS).unref();
      return session.id;
    },

    async prepare(sessionId, environment, write, hangUp) {
      const log = createJobLog(write);
      try {
        const { session, request } = take(sessionId, environment);
        await finishEarlier(session);
        const preparing = prepareOrEnd({ context, session, request, log, hangUp, leaving: leaving.signal });
        session.prepared = preparing.catch(() => {});
        await preparing;
        return 'success';
      } catch (error) {
        return resultOf(context, error, log);
      }
    },

    async cleanup(sessionId) {
      const session = sessions.get(sessionId);
      if (session) await finish(session, 'the job is over');
    },

    async why(sessionId, write) {
      const session = sessions.get(sessionId);
      const { lines, fault } = await explainLoss(context, session);
      const log = createJobLog(write);
      for (const line of lines) log.error(line);
      if (session) for (const line of summarizeTask(context, session)) log.info(line);
      return fault === 'job' ? 'build-failure' : 'system-failure';
    },

    async again(sessionId) {
      const session = sessions.get(sessionId);
      return session !== undefined && (await reconnect(context, session));
    },

    scriptStarts(sessionId) {
      const session = sessions.get(sessionId);
      if (session) logScriptStarted(context, session);
    },

    async afterStage(sessionId, stage) {
      const session = sessions.get(sessionId);
      return session ? afterStage(context, session, stage) : [];
    },

    openJobs: () =>
      [...sessions.values()].map(({ identity: { jobId }, jobToken }) => ({ jobId, token: jobToken })),

    async endAll(reason) {
      leaving.abort();
      const left = [...sessions.values()];
      await Promise.allSettled(left.map((session) => finish(session, reason)));
      const released = Promise.all(left.map(({ loginsReleased }) => loginsReleased));
      await Promise.race([released, sleep(LOGINS_RELEASED_MS, undefined, { ref: false })]);
    },
  };
}

interface PreparationRequest {
  context: ExecutorContext;
  session: JobSession;
  request: JobRequest;
  log: JobLog;
  /** Aborts when the hook disconnected, because the job was cancelled. */
  hangUp: AbortSignal;
  /** Aborts when the manager leaves. */
  leaving: AbortSignal;
}

async function prepareOrEnd(preparation: PreparationRequest): Promise<void> {
  const { context, session, request, log, hangUp, leaving } = preparation;
  const onHangUp = () => session.abort.abort(new SystemFailureError('The job was cancelled'));
  hangUp.addEventListener('abort', onHangUp, { once: true });
  if (hangUp.aborted) onHangUp();
  try {
    await prepareJob(context, session, request, log);
    logReady(context, session);
    // The job does not wait for the event to be published.
    void publishStarted(context, session);
  } catch (error) {
    if (error instanceof LostStartError) abandonLogins(session);
    session.isRefused = error instanceof JobRefusedError;
    // Not left to cleanup: a task that failed to start must not keep running until the runner retries.
    await endSession(context, session, `not started: ${messageOf(error)}`);
    if (error instanceof LostStartError) void stopLostTask(context, session.startId, leaving);
    for (const line of summarizeTask(context, session)) log.info(line);
    throw error;
  } finally {
    hangUp.removeEventListener('abort', onHangUp);
  }
}

function resultOf({ logger }: ExecutorContext, error: unknown, log: JobLog): HookResult {
  if (error instanceof JobRefusedError) {
    for (const line of error.lines) log.error(line);
    return 'build-failure';
  }
  logger.warn('a job could not be prepared', { error: messageOf(error) });
  log.error(messageOf(error));
  return 'system-failure';
}
