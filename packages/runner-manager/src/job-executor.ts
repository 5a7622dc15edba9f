import { setTimeout as sleep } from 'node:timers/promises';
import { JobRefusedError, LostStartError, messageOf, SystemFailureError } from './errors.ts';
import type { ExecutorContext } from './executor-context.ts';
import { endSession } from './job/end/end-session.ts';
import { explainLoss } from './job/end/explain-loss.ts';
import { stopLostTask } from './job/end/stop-lost-task.ts';
import { summarizeTask } from './job/end/summarize-task.ts';
import { createJobLog, type JobLog } from './job/job-log.ts';
import { type JobSession, newSession } from './job/job-session.ts';
import { jobIdentity } from './job/request/job-identity.ts';
import { type HookEnvironment, type JobRequest, jobRequest } from './job/request/job-request.ts';
import { readJobResponse } from './job/request/job-response.ts';
import { afterStage, type EndedStage } from './job/run/after-stage.ts';
import { reconnect } from './job/run/reconnect.ts';
import { publishStarted } from './job/start/job-task-events.ts';
import { leaveLogins } from './job/start/lease-logins.ts';
import { prepareJob } from './job/start/prepare-job.ts';

/** How a hook ends: as a success, as the job's fault, or as ours. The hook knows the exit codes that mean these. */
export type HookResult = 'success' | 'build-failure' | 'system-failure';

/** A job that is not over, as far as reporting its end to GitLab goes. */
export interface OpenJob {
  jobId: number;
  token: string;
}

/** What the hooks ask of the resident process. */
export interface JobExecutor {
  /**
   * Opens a session: one try of the runner to prepare a job.
   * @param jobResponseFile the file in which the runner has the job as GitLab sent it
   * @returns the session's id, by which the later hooks find it
   * @throws {SystemFailureError} when the file does not say who the job is
   */
  open(jobResponseFile: string): Promise<string>;
  /** @param hangUp aborts when the hook went away: the job was cancelled */
  prepare(
    sessionId: string,
    environment: HookEnvironment,
    write: (line: string) => void,
    hangUp: AbortSignal,
  ): Promise<HookResult>;
  /** Ends what the session has here. Works however far `prepare` came, and again; an unknown session has nothing. */
  cleanup(sessionId: string): Promise<void>;
  /** Writes to the job log why the connection to the job's task was lost. */
  why(sessionId: string, write: (line: string) => void): Promise<HookResult>;
  /** Opens a job's lost connection anew; whether there is one over which its stage can go on. */
  again(sessionId: string): Promise<boolean>;
  /** Lines for the job log after a stage that ended. */
  afterStage(sessionId: string, stage: EndedStage): Promise<readonly string[]>;
  /** Jobs between their `config` and their `cleanup`. */
  openJobs(): readonly OpenJob[];
  /** Ends all jobs that are left: the manager is leaving. */
  endAll(reason: string): Promise<void>;
}

/** Milliseconds after which a session that no `prepare` followed is forgotten: its `config` was given up by the runner. */
const UNPREPARED_MS = 600_000;

/** Milliseconds for which a leaving manager waits until its tasks need their logins no more. The reaper removes the rest. */
const LOGINS_RELEASED_MS = 15_000;

/** Makes the executor: it knows the jobs between their `config` and their `cleanup`. */
export function createJobExecutor(context: ExecutorContext): JobExecutor {
  const sessions = new Map<string, JobSession>();
  const leaving = new AbortController();

  const finish = async (session: JobSession, reason: string) => {
    session.abort.abort(new SystemFailureError('the job was cancelled'));
    // RunTask may be on its way: its answer names the task to stop.
    await session.prepared;
    await endSession(context, session, reason);
    sessions.delete(session.id);
  };

  /** A try whose cleanup failed left its session: the next one of the same job tries to end it again. */
  const finishEarlier = async ({ id, identity: { jobId } }: JobSession) => {
    const earlier = [...sessions.values()].filter((each) => each.identity.jobId === jobId && each.id !== id);
    await Promise.all(earlier.map((each) => finish(each, 'prepared anew')));
  };

  /** Takes the job out of its session: what was prepared once is not prepared again. */
  const take = (sessionId: string, environment: HookEnvironment) => {
    const session = sessions.get(sessionId);
    if (!session) throw new SystemFailureError('the runner prepares a job that its config hook did not open');
    const { response } = session;
    if (!response) throw new SystemFailureError('the runner prepares a job that it prepared already');
    session.response = undefined;
    return { session, request: jobRequest(response, environment) };
  };

  return {
    async open(jobResponseFile) {
      const response = await readJobResponse(jobResponseFile);
      const session = newSession(jobIdentity(response, context.fleet.gitlabUrl), response);
      sessions.set(session.id, session);
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
      for (const line of lines) log.complain(line);
      if (session) for (const line of summarizeTask(context, session)) log.say(line);
      return fault === 'job' ? 'build-failure' : 'system-failure';
    },

    async again(sessionId) {
      const session = sessions.get(sessionId);
      return session !== undefined && (await reconnect(context, session));
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
    if (error instanceof LostStartError) leaveLogins(session);
    // Not left to cleanup: what could not start must not run on while the runner thinks about trying again.
    await endSession(context, session, `not started: ${messageOf(error)}`);
    if (error instanceof LostStartError) void stopLostTask(context, session.startId, orders.leaving);
    for (const line of summarizeTask(context, session)) log.say(line);
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
