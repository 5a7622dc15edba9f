import { randomBytes } from 'node:crypto';
import { STOP_REASONS, stopTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { aheadTaskGroup, type CapacityProvider, toTags } from '@serverless-gitlab-runner/fleet';
import type { JobName } from '@serverless-gitlab-runner/forecast';
import { LostStartError, messageOf, NoCapacityError, SystemFailureError } from '../errors.ts';
import type { ExecutorContext } from '../executor-context.ts';
import { stopLostTask } from '../job/end/stop-lost-task.ts';
import { createJobFolder, type JobFolder, removeJobFolder } from '../job/job-folder.ts';
import { createJobLog } from '../job/job-log.ts';
import type { StartedTask } from '../job/job-session.ts';
import { tryProviders } from '../job/start/acquire-job-task.ts';
import { awaitBuildContainer } from '../job/start/await-build-container.ts';
import { publishNotClaimed } from '../job/start/job-task-events.ts';
import { type JobConnection, openConnection } from '../job/start/open-connection.ts';
import { startHeartbeat } from '../job/start/start-heartbeat.ts';
import { jobTaskOverrides } from '../task/run-job-task.ts';
import type { JobTaskDefinition } from '../task/task-definition.ts';
import { isEnding } from '../task/task-facts.ts';
import type { JobTaskShape } from '../task/task-shape.ts';
import { type ImageDigests, movedImage, type ReadImageDigests } from './image-digests.ts';

/**
 * Added to the maximum time of a start: the helper then ends a task that its manager has forgotten. Longer than a task waits, plus
 * the time from a claim to the job's first stage.
 */
const FORGOTTEN_SECONDS = 900;

/** What starting, claiming and stopping tasks ahead needs of the manager. */
export interface AheadSettings
  extends Pick<
    ExecutorContext,
    | 'fleet'
    | 'managerTaskArn'
    | 'stateFolder'
    | 'inherited'
    | 'awaitPort'
    | 'runTask'
    | 'taskDefinitions'
    | 'watcher'
    | 'pricing'
    | 'publish'
    | 'logger'
    | 'projectShares'
  > {
  readImageDigests: ReadImageDigests;
}

/** What a job's task was started from, to start another one like it. */
export interface AheadRecipe {
  shape: JobTaskShape;
  capacity: readonly CapacityProvider[];
  definition: JobTaskDefinition;
}

export interface AheadOrder {
  /** The job that will probably be queued, and the pipeline that it will belong to. */
  job: JobName;
  pipeline: string;
  /** Only jobs with this key may claim the task. */
  key: string;
  recipe: AheadRecipe;
  /** Milliseconds since 1970. */
  until: number;
}

/** A task that was started ahead, until a job claims it or its manager lets it go. */
export interface AheadTask extends AheadOrder {
  /** Identifies it here and names its folder, as a session's id does. */
  id: string;
  folder?: JobFolder;
  digests?: ImageDigests;
  started?: StartedTask;
  connection?: JobConnection;
  /** Settles when its build container accepts commands; rejects when it never will. */
  ready: Promise<void>;
  abort: AbortController;
  /** Stops what runs for it: watching, heartbeats. */
  release: (() => void)[];
}

/**
 * Starts a task without a job, and prepares it as far as that is possible: its images are pulled, its containers run, and its
 * helper is connected.
 * @param onLost called when it ends by itself while it waits
 */
export function startAheadTask(settings: AheadSettings, order: AheadOrder, onLost: () => void): AheadTask {
  const task: AheadTask = {
    ...order,
    id: randomBytes(16).toString('hex'),
    ready: Promise.resolve(),
    abort: new AbortController(),
    release: [],
  };
  task.ready = prepare(settings, task, onLost);
  task.ready.catch(() => {});
  return task;
}

async function prepare(settings: AheadSettings, task: AheadTask, onLost: () => void): Promise<void> {
  const { fleet, inherited, awaitPort, stateFolder, readImageDigests } = settings;
  const { shape } = task.recipe;
  const deadline = AbortSignal.timeout(fleet.job.startTimeoutSeconds * 1000);
  const signal = AbortSignal.any([task.abort.signal, deadline]);
  const folder = await createJobFolder(stateFolder, task.id);
  task.folder = folder;
  task.digests = await readImageDigests(shape);
  const address = await start(settings, task, folder, signal);
  follow(settings, task, onLost);
  const connection = await openConnection({ folder, address, environment: inherited, awaitPort, signal });
  task.connection = connection;
  task.release.push(startHeartbeat(settings, connection, task.started?.arn ?? ''));
  await awaitBuildContainer(connection, fleet.job.startTimeoutSeconds * 1000, signal);
  const moved = movedImage(task.digests, await readImageDigests(shape));
  if (moved !== undefined) throw new SystemFailureError(`the tag of ${moved} moved while it was pulled`);
  const { started } = task;
  if (started)
    Object.assign(started, { isReady: true, startSeconds: (Date.now() - started.requestedAt) / 1000 });
}

/** @returns the address of the task's helper */
async function start(
  settings: AheadSettings,
  task: AheadTask,
  folder: JobFolder,
  signal: AbortSignal,
): Promise<string> {
  const { fleet, logger } = settings;
  const { recipe, until, job } = task;
  const startId = `ahead-${task.id.slice(0, 16)}`;
  const tags = toTags({
    role: 'job',
    fleet: fleet.name,
    projectId: job.project,
    start: startId,
    ahead: new Date(until).toISOString(),
  });
  const order = {
    definition: recipe.definition,
    startId,
    group: aheadTaskGroup(startId),
    tags,
    overrides: jobTaskOverrides(folder.publicKey, fleet.job.deadManSeconds, new Map(), {
      unclaimedSeconds: fleet.job.startTimeoutSeconds + FORGOTTEN_SECONDS,
    }),
  };
  const log = createJobLog((line) => logger.debug(line, { startId }));
  const onStarted = (started: StartedTask) => {
    task.started = started;
  };
  try {
    const attempt = { settings, plan: recipe, order, log, signal, onStarted };
    const refusals: string[] = [];
    const acquired = await tryProviders({ ...attempt, onRefused: (why) => void refusals.push(why) }, 0);
    if (acquired === undefined) throw new NoCapacityError(refusals.join(' '));
    return acquired.address;
  } catch (error) {
    if (error instanceof LostStartError) void stopLostTask(settings, startId, new AbortController().signal);
    throw error;
  }
}

function follow({ watcher }: AheadSettings, task: AheadTask, onLost: () => void): void {
  const { started } = task;
  if (started === undefined) return;
  const unwatch = watcher.watch(started.arn, (view) => {
    if (view.kind === 'task') started.lastSeen = view.task;
    if (view.kind === 'gone' || isEnding(view.task)) onLost();
  });
  task.release.push(unwatch);
}

/**
 * Stops a task that no job claimed, and removes its files. Never rejects: if StopTask fails, the missing heartbeats or the reaper
 * stop it.
 */
export async function stopAheadTask(settings: AheadSettings, task: AheadTask, why: string): Promise<void> {
  const { runTask, stateFolder, logger } = settings;
  task.abort.abort(new SystemFailureError(why));
  // RunTask may be in flight: its answer names the task to stop.
  await task.ready.catch(() => {});
  for (const release of task.release.splice(0)) release();
  task.connection?.close();
  const { started } = task;
  try {
    if (started) await stopTask(runTask.ecs, runTask.cluster, started.arn, STOP_REASONS['not-claimed']);
    await removeJobFolder(stateFolder, task.id);
  } catch (error) {
    logger.warn('could not stop a task that was started ahead', {
      taskArn: started?.arn,
      error: messageOf(error),
    });
  }
  logger.info('a task that was started ahead was not claimed', { taskArn: started?.arn, job: task.job, why });
  if (started) await publishNotClaimed(settings, task.job, started);
}
