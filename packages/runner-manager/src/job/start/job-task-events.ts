import { estimateCostUsd } from '@serverless-gitlab-runner/fleet';
import type { JobName } from '@serverless-gitlab-runner/forecast';
import type { ExecutorContext } from '../../executor-context.ts';
import { isSpotInterruption } from '../../task/task-facts.ts';
import type { JobSession, StartedTask } from '../job-session.ts';

/** Publishes that a job's task accepts commands. */
export async function publishStarted(context: ExecutorContext, session: JobSession): Promise<void> {
  const { task } = session;
  if (!task) return;
  await context.publish('JobTaskStarted', {
    ...commonDetail(context, session, task),
    secondsToStart: secondsSince(task.claimedAt ?? task.requestedAt),
    ...(task.claimedAt === undefined ? {} : { secondsAhead: (task.claimedAt - task.requestedAt) / 1000 }),
  });
}

/** Whether a job's task ended unexpectedly after it had accepted commands. */
export function isLost({ loss }: Pick<JobSession, 'loss'>, { lastSeen, isReady }: StartedTask): boolean {
  // A job may have finished although Spot had announced the end of its task.
  const isStopped = lastSeen?.desiredStatus === 'STOPPED' && !isSpotInterruption(lastSeen);
  return isReady && (loss !== undefined || isStopped);
}

/** Publishes that a job's task has ended, with its duration and cost. */
export async function publishFinished(
  context: ExecutorContext,
  session: JobSession,
  task: StartedTask,
): Promise<void> {
  const reason = task.lastSeen?.stoppedReason?.slice(0, 1024);
  await context.publish('JobTaskFinished', {
    ...commonDetail(context, session, task),
    outcome: isLost(session, task) ? 'lost' : task.isReady ? 'completed' : 'start-failed',
    ...(reason ? { reason } : {}),
    ...costDetail(context, task),
  });
}

/** Publishes that a task that was started ahead was stopped, because no job had claimed it. */
export async function publishNotClaimed(
  context: TaskEventContext & Pick<ExecutorContext, 'publish' | 'pricing'>,
  job: JobName,
  task: StartedTask,
): Promise<void> {
  await context.publish('AheadTaskStopped', {
    ...taskDetail(context, task),
    projectId: Number(job.project),
    jobName: job.name,
    ...costDetail(context, task),
  });
}

function commonDetail(context: ExecutorContext, session: JobSession, task: StartedTask) {
  const { instance, jobId, jobName, pipelineId, projectId, projectPath, ref } = session.identity;
  return {
    ...taskDetail(context, task),
    instance,
    jobId,
    jobName,
    ...(pipelineId === undefined ? {} : { pipelineId }),
    projectId,
    ...(projectPath ? { projectPath } : {}),
    ...(ref ? { ref } : {}),
  };
}

type TaskEventContext = Pick<ExecutorContext, 'fleet' | 'managerTaskArn'>;

function taskDetail({ fleet, managerTaskArn }: TaskEventContext, task: StartedTask) {
  return {
    fleet: fleet.name,
    occurredAt: new Date().toISOString(),
    taskArn: task.arn,
    managerTaskArn,
    image: task.shape.image,
    cpu: task.shape.size.cpu,
    memory: task.shape.size.memory,
    architecture: task.shape.architecture,
    capacityProvider: task.capacityProvider,
  };
}

/** Seconds from RunTask until now, and their price. */
export function costDetail(
  { pricing }: Pick<ExecutorContext, 'pricing'>,
  { shape, capacityProvider, requestedAt }: StartedTask,
) {
  const { size, architecture } = shape;
  const seconds = secondsSince(requestedAt);
  return {
    seconds,
    estimatedCostUsd: estimateCostUsd({ ...size, architecture, capacityProvider, seconds, ...pricing }),
    priceRegion: pricing.priceRegion,
  };
}

function secondsSince(milliseconds: number): number {
  return Math.max(0, (Date.now() - milliseconds) / 1000);
}
