import type { ArrivedJob } from '@serverless-gitlab-runner/forecast';
import type { AheadRecipe } from '../../ahead/ahead-task.ts';
import { whyNotAhead } from '../../ahead/why-not-ahead.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { jobTaskDefinition } from '../../task/task-definition.ts';
import { adoptJobFolder } from '../job-folder.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { JobSession } from '../job-session.ts';
import type { JobTaskPlan } from '../plan/plan-job-task.ts';
import type { StartableServices } from '../plan/read-service-programs.ts';
import type { JobRequest } from '../request/job-request.ts';
import { followTask } from '../run/follow-task.ts';
import type { JobConnection } from './open-connection.ts';
import { startHeartbeat } from './start-heartbeat.ts';

const MAX_DIGITS = 15;

/**
 * A job for the forecast. Where the runner drops a field of GitLab's answer, a variable takes its place, which the job may set:
 * a wrong one gives it at most an unused task of its own project.
 */
export function arrivedJob({ identity }: JobSession, { variables }: JobRequest): ArrivedJob {
  return {
    project: String(identity.projectId),
    name: identity.jobName,
    isProtected: identity.isProtected ?? variables.get('CI_COMMIT_REF_PROTECTED') === 'true',
    pipeline: numberIn(String(identity.pipelineId ?? variables.get('CI_PIPELINE_ID') ?? '')),
  };
}

/** A number that GitLab may have given, else nothing: the text may be a job's own, of any length. */
function numberIn(text: string): string {
  return text.length <= MAX_DIGITS && /^\d+$/.test(text) ? text : '';
}

/** What a claim needs of a preparation. */
export interface ClaimPreparation {
  context: ExecutorContext;
  session: JobSession;
  /** The job as the forecast knows it. */
  job: ArrivedJob;
  plan: JobTaskPlan;
  /** Environment of the services that ECS starts without the service agent. */
  overrides: StartableServices['overrides'];
  log: JobLog;
  /** Aborts when the job is cancelled or the start takes too long. */
  signal: AbortSignal;
}

/** What a job's task may be started from; undefined, with a line in its log, if none like it is started ahead. */
export function recipeOf({ context, plan, overrides, log }: ClaimPreparation): AheadRecipe | undefined {
  const { fleet, taskDefinition } = context;
  const { shape, capacity, registryLogins } = plan;
  const why = whyNotAhead({ shape, registryLogins, overrides }, fleet);
  if (why !== undefined) {
    log.info(`No task is started ahead for this job: ${why}`);
    return undefined;
  }
  const secrets = [...registryLogins].flatMap(([image, access]): [string, string][] =>
    access.kind === 'secret' ? [[image, access.arn]] : [],
  );
  return {
    shape,
    capacity,
    definition: jobTaskDefinition(shape, taskDefinition, new Map(secrets), capacity),
  };
}

/** The connection to the helper of a claimed task, and its build container's user and shell. */
export interface ClaimedTask {
  connection: JobConnection;
  build: string;
}

/**
 * Gives a job a task that was started ahead, if one waits for a job like it.
 * @returns undefined if the job needs a task of its own
 */
export async function claimTask(
  { context, session, job, log, signal }: ClaimPreparation,
  { definition, capacity }: AheadRecipe,
): Promise<ClaimedTask | undefined> {
  const { ahead, stateFolder, watcher } = context;
  const { jobId } = session.identity;
  const claim = await ahead?.claim({ job, jobId, family: definition.family, capacity }, signal);
  if (claim?.kind !== 'claimed') {
    if (claim?.why !== undefined) log.info(`A task was started ahead, but not claimed: ${claim.why}`);
    return undefined;
  }
  const { started, connection, folder, digests } = claim.task;
  if (!started || !connection || !folder) return undefined;
  session.task = Object.assign(started, { claimedAt: Date.now() });
  session.connection = connection;
  followTask(watcher, session);
  session.release.push(startHeartbeat(context, connection, started.arn));
  await adoptJobFolder(stateFolder, session.id, folder);
  const image = digests?.size ? ' (image digest unchanged)' : '';
  log.info(
    `Claimed task ${started.arn}, started ${formatSeconds(Date.now() - started.requestedAt)} ago${image}`,
  );
  return { connection, build: claim.build };
}
