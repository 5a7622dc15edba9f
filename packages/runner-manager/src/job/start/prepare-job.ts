import { setTimeout as sleep } from 'node:timers/promises';
import { estimateCostUsd, HELPER_CONTAINER, jobTaskGroup, toTags } from '@serverless-gitlab-runner/fleet';
import type { AheadRecipe } from '../../ahead/ahead-task.ts';
import { JobRefusedError, NoCapacityError, StartTimeoutError, SystemFailureError } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { formatSize } from '../../parse-quantity.ts';
import { awaitTask } from '../../task/await-task.ts';
import { adviceOnEntryPoint, attributeToEntryPoint } from '../../task/entry-point.ts';
import { jobTaskOverrides } from '../../task/run-job-task.ts';
import { jobTaskDefinition } from '../../task/task-definition.ts';
import { pullSecondsOf } from '../../task/task-facts.ts';
import { createJobFolder, type JobFolder } from '../job-folder.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { JobSession, StartedTask } from '../job-session.ts';
import { logTaskStarted } from '../log-job.ts';
import { type JobTaskPlan, planJobTask } from '../plan/plan-job-task.ts';
import { withImageEntryPoint } from '../plan/read-image-entry-point.ts';
import { withServicePrograms } from '../plan/read-service-programs.ts';
import type { JobRequest } from '../request/job-request.ts';
import { followTask } from '../run/follow-task.ts';
import { type AcquireOrder, acquireJobTask, nameOf } from './acquire-job-task.ts';
import { announceServices } from './announce-services.ts';
import { awaitBuildContainer } from './await-build-container.ts';
import { awaitServices } from './await-services.ts';
import { arrivedJob, type ClaimPreparation, claimTask, recipeOf } from './claim-task.ts';
import { containerLogLink } from './console-link.ts';
import { leaseLogins, releaseLoginsWhenPulled } from './lease-logins.ts';
import { type JobConnection, openConnection } from './open-connection.ts';
import { sendEnvironments } from './send-environment.ts';
import { startHeartbeat } from './start-heartbeat.ts';

/** Shared by the steps of a preparation. */
interface Preparation extends ClaimPreparation {
  /** Aborts when the start takes too long. */
  deadline: AbortSignal;
}

/** Stands for the shape of tasks that are never started ahead: the forecast learns how long their jobs run, and what follows. */
const NEVER_AHEAD = 'never-ahead';
/** ECS reports a task's end some seconds after its containers ended. */
const MAX_WAIT_FOR_END_MS = 15_000;

/**
 * Turns a job into a task that accepts commands: plans it, starts it, connects to it.
 * @throws {JobRefusedError} when the job must change before it can run
 * @throws {SystemFailureError} when AWS or this project failed
 */
export async function prepareJob(
  context: ExecutorContext,
  session: JobSession,
  request: JobRequest,
  log: JobLog,
): Promise<void> {
  const startedAt = Date.now();
  const planned = planJobTask(request, context.fleet);
  if (planned.kind === 'refused') throw new JobRefusedError(planned.lines);
  session.services = planned.plan.services;
  const job = arrivedJob(session, request);
  context.ahead?.arrived(session.id, job);
  logPlan(planned.plan, context, log);
  const { services, overrides } = await withServicePrograms(context, request, planned.plan, log);
  const shape = { ...(await withImageEntryPoint(context, planned.plan, log)), services };
  const plan = { ...planned.plan, shape };
  const { startTimeoutSeconds } = context.fleet.job;
  await takeShare(context, session, plan, log);
  const { signal, deadline, isLate } = timeToStart(context, session);
  try {
    await startAndConnect({ context, session, job, plan, overrides, log, signal, deadline });
  } catch (error) {
    const { entryPoint } = plan.shape;
    if (!isLate() || error instanceof NoCapacityError) throw attributeToEntryPoint(error, entryPoint);
    const seen = session.task?.lastSeen?.lastStatus ?? 'not started';
    throw new StartTimeoutError(
      `The job task did not accept commands within ${startTimeoutSeconds} s (last status: ${seen}). Large images take long to pull; the fleet's job.startTimeoutSeconds sets the limit.${entryPoint ? ` ${adviceOnEntryPoint(entryPoint)}` : ''}`,
    );
  }
  log.info(`Ready after ${formatSeconds(Date.now() - startedAt)}`);
}

/** Signals for a step of the start: its time limit from now on, and the job's cancellation. */
function timeToStart({ fleet }: ExecutorContext, { abort }: JobSession) {
  const deadline = AbortSignal.timeout(fleet.job.startTimeoutSeconds * 1000);
  return {
    deadline,
    signal: AbortSignal.any([abort.signal, deadline]),
    /** Whether the time is over and the job was not cancelled. */
    isLate: () => deadline.aborted && !abort.signal.aborted,
  };
}

/** Waits until the job's project may run another job, for as long as a start may take. */
async function takeShare(
  context: ExecutorContext,
  session: JobSession,
  { shape }: JobTaskPlan,
  log: JobLog,
): Promise<void> {
  const { signal, isLate } = timeToStart(context, session);
  try {
    const { projectId } = session.identity;
    const release = await context.projectShares.take(projectId, shape.size.cpu, signal, (why) =>
      log.info(why),
    );
    session.release.push(release);
  } catch (error) {
    if (!isLate()) throw error;
    throw new StartTimeoutError(
      `Other jobs of this project used its whole share of the manager for ${context.fleet.job.startTimeoutSeconds} s. Retry the job later.`,
    );
  }
}

/** Gets a task, by a claim or by RunTask, and connects to it. */
async function startAndConnect(preparation: Preparation): Promise<void> {
  const { context, session } = preparation;
  const recipe = context.ahead && recipeOf(preparation);
  if (recipe) context.ahead?.learnRecipe(recipe);
  const claimed = recipe && (await claimTask(preparation, recipe));
  if (claimed)
    await whileTaskRuns(preparation, (signal) =>
      serve({ ...preparation, signal }, claimed.connection, async () => claimed.build),
    );
  else await startTask(preparation);
  if (session.task) reportReady(context, session, session.task, recipe);
}

/** Lets the forecast learn from a task that accepts commands. */
function reportReady(
  { ahead }: ExecutorContext,
  { id }: JobSession,
  { shape, capacityProvider, requestedAt, startSeconds }: StartedTask,
  recipe: AheadRecipe | undefined,
): void {
  const { cpu, memory } = shape.size;
  const kind = { shape: recipe?.definition.family ?? NEVER_AHEAD, cpu, memory, capacity: capacityProvider };
  ahead?.ready(id, kind, startSeconds ?? (Date.now() - requestedAt) / 1000);
}

async function startTask(preparation: Preparation): Promise<void> {
  const { context, session, plan, log, signal, deadline } = preparation;
  const folder = await createJobFolder(context.stateFolder, session.id);
  const order = await makeOrder(preparation, folder);
  const { address } = await acquireJobTask(context, plan, order, log, { signal, deadline }, (started) => {
    session.task = started;
    logTaskStarted(context, session, started);
    followTask(context.watcher, session);
    logHelperLink(context, started.arn, log);
  });
  session.loginsReleased = releaseLoginsWhenPulled(context.watcher, session);
  await whileTaskRuns(preparation, (running) =>
    connect({ ...preparation, signal: running }, folder, address),
  );
}

/** Does the rest of a preparation, unless the task ends meanwhile. */
async function whileTaskRuns(
  { context: { watcher }, session: { task }, signal }: Preparation,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!task) return;
  // The helper's answer and the task's end race; the first one aborts the other.
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  const ended = awaitTask(watcher, task.arn, either, () => undefined);
  try {
    await Promise.race([work(either).catch((error) => endOfTaskOr(error, ended, either)), ended]);
  } finally {
    settled.abort();
  }
  task.isReady = true;
}

/** A broken connection may mean that the task ended. ECS reports that, with the reason, slightly later, so this waits for it. */
async function endOfTaskOr(error: unknown, ended: Promise<unknown>, signal: AbortSignal): Promise<never> {
  if (error instanceof SystemFailureError && !signal.aborted)
    await Promise.race([ended, sleep(MAX_WAIT_FOR_END_MS, undefined, { signal })]);
  throw error;
}

async function makeOrder(
  { context, session, plan, overrides, log }: Preparation,
  folder: JobFolder,
): Promise<AcquireOrder> {
  const secrets = await leaseLogins(context, session, plan);
  const startedAt = Date.now();
  const definition = jobTaskDefinition(plan.shape, context.taskDefinition, secrets, plan.capacity);
  const { arn, isNew } = await context.taskDefinitions.find(definition);
  log.info(
    `Task definition ${nameOf(arn)} ${isNew ? 'registered' : 'found'} in ${formatSeconds(Date.now() - startedAt)}`,
  );
  const { jobId, projectId } = session.identity;
  return {
    definition,
    startId: session.startId,
    group: jobTaskGroup(jobId),
    overrides: jobTaskOverrides(folder.publicKey, context.fleet.job.deadManSeconds, overrides, { jobId }),
    tags: toTags({
      role: 'job',
      fleet: context.fleet.name,
      jobId: String(jobId),
      projectId: String(projectId),
      start: session.startId,
    }),
  };
}

async function connect(preparation: Preparation, folder: JobFolder, address: string): Promise<void> {
  const { context, session, log, signal } = preparation;
  const { inherited, awaitPort } = context;
  const connection = await openConnection({ folder, address, environment: inherited, awaitPort, signal });
  session.connection = connection;
  signal.throwIfAborted();
  logConnected(session, log);
  if (session.task) session.release.push(startHeartbeat(context, connection, session.task.arn));
  const deadlineMs = context.fleet.job.startTimeoutSeconds * 1000;
  await serve(preparation, connection, () => awaitBuildContainer(connection, deadlineMs, signal));
}

/** Waits for the build container, and gives the services their variables and names. */
async function serve(
  { context, session, plan, log, signal }: Preparation,
  connection: JobConnection,
  awaitBuild: () => Promise<string>,
): Promise<void> {
  const [build] = await Promise.all([awaitBuild(), sendEnvironments(connection, plan, log, signal)]);
  log.info(`The build container is ready: ${build}`);
  await announceServices(connection, plan.serviceHostnames, log, signal);
  await awaitServices({ context, session, connection, log, signal });
}

function logPlan(plan: JobTaskPlan, { fleet, pricing }: ExecutorContext, log: JobLog): void {
  const { image, size, architecture, ephemeralStorageGib, services } = plan.shape;
  const [capacityProvider = 'FARGATE'] = plan.capacity;
  const hourly = estimateCostUsd({ ...size, architecture, capacityProvider, seconds: 3600, ...pricing });
  log.info(`Starting a Fargate task for this job (fleet ${fleet.name})`);
  const whose = plan.isDefaultImage
    ? " (the fleet's default: the job sets no image, or one whose variables are all unset)"
    : '';
  log.info(
    `Image ${image}${whose}, ${formatSize(size)}, ${ephemeralStorageGib} GB storage, ${architecture}, about $${hourly.toFixed(3)} per hour`,
  );
  if (pricing.priceRegion !== pricing.region)
    log.info(
      `This is the price of ${pricing.priceRegion}: that of ${pricing.region} is unknown (the installation can set it with fargatePrices)`,
    );
  for (const service of services) log.info(`Service ${service.image}`);
  for (const note of plan.notes) log.info(note);
}

function logHelperLink({ hasConsole, taskDefinition }: ExecutorContext, taskArn: string, log: JobLog): void {
  const { region, logGroup } = taskDefinition;
  if (!hasConsole || logGroup === undefined) return;
  log.info(`Helper log: ${containerLogLink(region, logGroup, taskArn, HELPER_CONTAINER)}`);
}

function logConnected(session: JobSession, log: JobLog): void {
  const { task } = session;
  if (!task) return;
  const pull = task.lastSeen && pullSecondsOf(task.lastSeen);
  const pulled = pull === undefined ? '' : `, including ${pull.toFixed(1)} s of image pull`;
  log.info(`Connected ${formatSeconds(Date.now() - task.requestedAt)} after RunTask${pulled}`);
}
