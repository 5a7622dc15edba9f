import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import { tagTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type CapacityProvider, toTags } from '@serverless-gitlab-runner/fleet';
import { type ArrivedJob, createBook, learnClaim, type TaskKind } from '@serverless-gitlab-runner/forecast';
import { messageOf, NoCapacityError, SystemFailureError } from '../errors.ts';
import { awaitBuildContainer } from '../job/start/await-build-container.ts';
import { UNITS_PER_VCPU } from '../parse-quantity.ts';
import {
  type AheadRecipe,
  type AheadSettings,
  type AheadTask,
  startAheadTask,
  stopAheadTask,
} from './ahead-task.ts';
import { decideAhead } from './decide-ahead.ts';
import { movedImage } from './image-digests.ts';
import { createRunningJobs } from './running-jobs.ts';

/** What a job may claim, and who it is. */
export interface ClaimRequest {
  job: ArrivedJob;
  jobId: number;
  /** Family of the job's task definition: a digest of everything in it. */
  family: string;
  /** The capacity providers that the job may run on. */
  capacity: readonly CapacityProvider[];
}

/**
 * `none`: the job needs a task of its own; `why` says so in its log if a task was waiting for it. `build` describes the build
 * container's user and shell.
 */
export type Claim = { kind: 'claimed'; task: AheadTask; build: string } | { kind: 'none'; why?: string };

/**
 * The tasks that a manager starts ahead. It learns from its own jobs, in memory, which jobs follow which, and starts their tasks
 * so that they are ready when the jobs arrive. Only this manager uses and stops them.
 */
export interface AheadTasks {
  /** A job arrived. @param id its session's */
  arrived(id: string, job: ArrivedJob): void;
  /**
   * Takes a waiting task for a job, once: no other job gets it, and it never waits again.
   * @throws the signal's reason
   */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim>;
  /** A job's task accepts commands. @param startSeconds time from RunTask until a task accepted commands, claimed or not */
  ready(id: string, kind: TaskKind, startSeconds: number): void;
  /** Keeps what a task was started from, if tasks like it may be started ahead. */
  learnRecipe(recipe: AheadRecipe): void;
  /** A job's own script has ended. */
  scriptEnded(id: string, succeeded: boolean): void;
  ended(id: string): void;
  /** AWS lacks capacity: all waiting tasks are let go, and none is started for a while. */
  pause(why: string): void;
  /** Lets go of all waiting tasks, and starts none any more. Settles when all of them are stopped. */
  close(why: string): Promise<void>;
}

/** Maximum time that a task waits after its start. Jobs that run that much longer than before are rare. */
const MAX_WAIT_MS = 600_000;
const PAUSE_MS = 600_000;
const MAX_RECIPES = 200;
/** A connection that answers this late is not used. */
const ALIVE_MS = 3000;

/** Which jobs may claim which tasks: those of one project, of equal protection, whose task would be the same. */
export function claimKey({ project, isProtected }: ArrivedJob, family: string): string {
  return JSON.stringify([project, isProtected, family]);
}

export function createAheadTasks(settings: AheadSettings, now: () => number = Date.now): AheadTasks {
  const { fleet, logger, runTask, projectShares, readImageDigests } = settings;
  const book = createBook();
  const jobs = createRunningJobs(book, now);
  const recipes = createTimedCache<AheadRecipe>({ now, maxEntries: MAX_RECIPES });
  const waiting = new Map<string, AheadTask>();
  const stopping = new Set<Promise<void>>();
  let pausedUntil = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const decide = () => {
    clearTimeout(timer);
    if (isClosed) return;
    const { start, letGo, nextAt } = decideAhead({
      book,
      pipelines: jobs.pipelines(waiting.values()),
      waiting: [...waiting.values()].map(({ id, pipeline, job, recipe, until }) => ({
        id,
        pipeline,
        job,
        until,
        cpu: recipe.shape.size.cpu,
      })),
      room: { jobs: fleet.manager.concurrentJobs, cpu: fleet.ahead.maxVcpu * UNITS_PER_VCPU },
      roomOf: (project) => projectShares.roomOf(Number(project)),
      pausedUntil,
      now: now(),
    });
    for (const id of letGo) drop(id, 'no job came that needs it');
    for (const { job, pipeline, task } of start) {
      const recipe = recipes.get(task.shape);
      if (recipe === undefined) continue;
      jobs.attempted({ ...job, pipeline });
      startOne({ job, pipeline, recipe });
    }
    if (nextAt !== undefined) timer = setTimeout(decide, Math.max(0, nextAt - now())).unref();
  };

  const startOne = ({ job, pipeline, recipe }: Pick<AheadTask, 'job' | 'pipeline' | 'recipe'>) => {
    const key = claimKey({ ...job, pipeline }, recipe.definition.family);
    const order = { job, pipeline, recipe, key, until: now() + MAX_WAIT_MS };
    const task = startAheadTask(settings, order, () => drop(task.id, 'it ended'));
    waiting.set(task.id, task);
    logger.info('started a task ahead', { job, pipeline });
    task.ready.catch((error: unknown) => {
      drop(task.id, messageOf(error));
      if (error instanceof NoCapacityError) pause(messageOf(error));
    });
  };

  /** Lets go of a task that still waits, and lets the forecast learn that no job has claimed it. */
  const drop = (id: string, why: string) => {
    const task = waiting.get(id);
    if (!task) return;
    waiting.delete(id);
    learnClaim(book, task.job, false, now());
    letGo(task, why);
  };

  /** Lets go of what was started for a job that needs another task. */
  const dropTasksFor = (job: ArrivedJob) => {
    for (const task of [...waiting.values()])
      if (isStartedFor(task, job)) drop(task.id, 'its job needs another task');
  };

  /** Lets go of all waiting tasks, for a reason that says nothing about their jobs. */
  const dropAll = (why: string) => {
    const tasks = [...waiting.values()];
    waiting.clear();
    for (const task of tasks) letGo(task, why);
  };

  const letGo = (task: AheadTask, why: string) => {
    const stopped = stopAheadTask(settings, task, why).finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  };

  /** A job that AWS keeps refusing does not extend the pause. */
  const pause = (why: string) => {
    if (pausedUntil <= now()) pausedUntil = now() + PAUSE_MS;
    dropAll(why);
  };

  /**
   * Takes a task out of the waiting ones: one that is ready if possible. A task that was started for this very job and remains then
   * waits for the other job instead.
   */
  const take = ({ job, family, capacity }: ClaimRequest): AheadTask | undefined => {
    const key = claimKey(job, family);
    const fits = (task: AheadTask) => {
      const providers = task.started ? [task.started.capacityProvider] : task.recipe.capacity;
      return task.key === key && providers.every((provider) => capacity.includes(provider));
    };
    const fitting = [...waiting.values()].filter(fits);
    const taken = fitting.find(({ started }) => started?.isReady) ?? fitting[0];
    if (!taken) return undefined;
    waiting.delete(taken.id);
    const own = fitting.find((task) => task !== taken && isStartedFor(task, job));
    if (own) {
      const { job: name, pipeline } = taken;
      Object.assign(taken, { job: own.job, pipeline: own.pipeline });
      Object.assign(own, { job: name, pipeline });
    }
    return taken;
  };

  return {
    arrived: jobs.arrived,

    async claim(request, signal) {
      const task = take(request);
      if (!task) {
        dropTasksFor(request.job);
        return { kind: 'none' };
      }
      let build: string;
      try {
        await unlessAborted(() => task.ready, signal);
        build = await checkUsable(task, signal);
        const tags = toTags({ jobId: String(request.jobId) });
        const arn = task.started?.arn ?? '';
        if (!(await unlessAborted(() => tagTask(runTask.ecs, runTask.cluster, arn, tags), signal)))
          throw new SystemFailureError('it ended');
      } catch (error) {
        if (!signal.aborted) learnClaim(book, task.job, false, now());
        letGo(task, messageOf(error));
        signal.throwIfAborted();
        return { kind: 'none', why: messageOf(error) };
      }
      for (const release of task.release.splice(0)) release();
      learnClaim(book, task.job, true, now());
      return { kind: 'claimed', task, build };
    },

    ready(id, kind, startSeconds) {
      jobs.ready(id, kind, startSeconds);
      decide();
    },

    learnRecipe: (recipe) => recipes.set(recipe.definition.family, recipe),

    scriptEnded(id, succeeded) {
      jobs.scriptEnded(id, succeeded);
      decide();
    },

    ended(id) {
      jobs.ended(id);
      decide();
    },

    pause,

    async close(why) {
      isClosed = true;
      clearTimeout(timer);
      dropAll(why);
      await Promise.all(stopping);
    },
  };

  /**
   * Checks a ready task right before a job gets it.
   * @returns its build container's user and shell
   * @throws {SystemFailureError} with the reason why no job may get it
   */
  async function checkUsable(
    { started, connection, digests, recipe }: AheadTask,
    signal: AbortSignal,
  ): Promise<string> {
    if (!started || !connection || !digests) throw new SystemFailureError('it is not ready');
    const [current, build] = await Promise.all([
      readImageDigests(recipe.shape),
      awaitBuildContainer(connection, ALIVE_MS, signal),
    ]);
    const moved = movedImage(digests, current);
    if (moved !== undefined) throw new SystemFailureError(`the tag of ${moved} has moved since`);
    return build;
  }
}

function isStartedFor(task: AheadTask, { project, name, pipeline }: ArrivedJob): boolean {
  return task.job.project === project && task.job.name === name && task.pipeline === pipeline;
}

/** Settles as the work, or rejects when the signal aborts first. Work is not started after that: nothing would await it. */
function unlessAborted<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
