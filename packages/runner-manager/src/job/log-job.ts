import type { JobEnd } from '@serverless-gitlab-runner/fleet';
import type { ExecutorContext } from '../executor-context.ts';
import { pullSecondsOf } from '../task/task-facts.ts';
import type { JobSession, StartedTask } from './job-session.ts';
import { costDetail } from './start/job-task-events.ts';

/**
 * The manager's log lines about one job, from its arrival to its end. Queries, metric filters and people find them by `jobId`.
 * `LOG_LINES` of `packages/fleet` lists their fields. Only `because` may quote the job.
 */
type Logging = Pick<ExecutorContext, 'logger'>;

export function logTaken({ logger }: Logging, { identity }: JobSession): void {
  const { jobId, projectId, pipelineId, queuedSeconds } = identity;
  logger.info('job taken', { jobId, projectId, pipelineId, queuedSeconds });
}

export function logTaskStarted(
  { logger }: Logging,
  { identity: { jobId } }: JobSession,
  { arn, capacityProvider }: StartedTask,
): void {
  logger.info('job task started', { jobId, taskArn: arn, capacityProvider });
}

/** The job's task accepts commands. */
export function logReady({ logger }: Logging, session: JobSession): void {
  session.startSeconds = secondsSince(session.takenAt);
  logger.info('job ready', { jobId: session.identity.jobId, ...startOf(session) });
}

/** The job's script begins: everything that the user waits for is over. */
export function logScriptStarted({ logger }: Logging, session: JobSession): void {
  const { jobId, projectId, queuedSeconds } = session.identity;
  const queuedToScriptSeconds =
    queuedSeconds === undefined ? undefined : rounded(queuedSeconds + secondsSince(session.takenAt));
  logger.info('script started', {
    jobId,
    projectId,
    ...startOf(session),
    queuedSeconds,
    queuedToScriptSeconds,
  });
}

/** @param because why the session ends, for people */
export function logEnded(
  { logger, pricing }: Logging & Pick<ExecutorContext, 'pricing'>,
  { identity: { jobId, projectId }, task }: JobSession,
  end: JobEnd,
  because: string,
): void {
  const cost = task && costDetail({ pricing }, task);
  logger[end === 'lost' || end === 'start-failed' ? 'warn' : 'info']('job ended', {
    jobId,
    projectId,
    taskArn: task?.arn,
    end,
    because,
    seconds: cost && rounded(cost.seconds),
    costUsd: cost?.estimatedCostUsd,
  });
}

function startOf({ task, startSeconds }: JobSession) {
  const pullSeconds = task?.lastSeen && pullSecondsOf(task.lastSeen);
  return { taskArn: task?.arn, isAhead: task?.claimedAt !== undefined, startSeconds, pullSeconds };
}

function secondsSince(milliseconds: number): number {
  return rounded(Math.max(0, (Date.now() - milliseconds) / 1000));
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
