import { tagTask } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { type CapacityProvider, toTags } from '@serverless-gitlab-runner/fleet';
import {
  type ArrivedJob,
  type Book,
  createBook,
  learnArrival,
  learnClaim,
  learnEnd,
  type TaskKind,
} from '@serverless-gitlab-runner/forecast';
import { messageOf, NoCapacityError, SystemFailureError } from '../errors.ts';
import {
  type AheadRecipe,
  type AheadSettings,
  type AheadTask,
  startAheadTask,
  stopAheadTask,
} from './ahead-task.ts';
import { decideAhead, type PipelineFacts } from './decide-ahead.ts';
import { movedImage } from './image-digests.ts';

/** What a job may claim, and who it is. */
export interface ClaimRequest {
  job: ArrivedJob;
  jobId: number;
  /** Family of the job's task definition: a digest of everything in it. */
  family: string;
  /** The capacity providers that the job may run on. */
  capacity: readonly CapacityProvider[];
}

/** `none`: the job needs a task of its own; `why` says so in its log if a task was waiting for it. */
export type Claim = { kind: 'claimed'; task: AheadTask } | { kind: 'none'; why?: string };

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
  /** A job's task accepts commands. @param startSeconds time from RunTask; undefined if it was claimed */
  ready(id: string, kind: TaskKind, startSeconds: number | undefined): void;
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

/** A job between its arrival and its end. */
interface RunningJob {
  job: ArrivedJob;
  /** Its arrival, then when its task was ready. Milliseconds since 1970. */
  startedAt: number;
  task: { kind: TaskKind; startSeconds: number | undefined } | undefined;
  succeededAt: number | undefined;
}

/** Maximum time that a task waits after its start. Jobs that run that much longer than before are rare. */
const MAX_WAIT_MS = 600_000;
const PAUSE_MS = 600_000;
/** Bounds of what is remembered. The oldest is dropped first. */
const MAX_RECIPES = 200;
const MAX_PIPELINES = 500;
/** A connection that answers this late is not used. */
const ALIVE_MS = 3000;

/** Which jobs may claim which tasks: those of one project, of equal protection, whose task would be the same. */
export function claimKey({ project, isProtected }: ArrivedJob, family: string): string {
  return JSON.stringify([project, isProtected, family]);
}

export function createAheadTasks(settings: AheadSettings, now: () => number = Date.now): AheadTasks {
  const { fleet, logger, runTask, readImageDigests } = settings;
  const book: Book = createBook();
  const running = new Map<string, RunningJob>();
  const pipelines = new Map<string, { succeededAt: number | undefined; attempted: Set<string> }>();
  const recipes = new Map<string, AheadRecipe>();
  const waiting = new Map<string, AheadTask>();
  const stopping = new Set<Promise<void>>();
  let pausedUntil = 0;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const pipelineOf = ({ project, pipeline }: ArrivedJob) => {
    const key = JSON.stringify([project, pipeline]);
    const known = pipelines.get(key) ?? { succeededAt: undefined, attempted: new Set<string>() };
    remember(pipelines, key, known, MAX_PIPELINES);
    return known;
  };

  const pipelineFacts = (): PipelineFacts[] => {
    const views = new Map<string, PipelineFacts & { running: PipelineFacts['running'][number][] }>();
    const viewOf = (key: string, isProtected: boolean) => {
      const [project, pipeline]: [string, string] = JSON.parse(key);
      const { succeededAt, attempted } = pipelines.get(key) ?? {
        succeededAt: undefined,
        attempted: new Set(),
      };
      const view = views.get(key) ?? { project, pipeline, isProtected, running: [], succeededAt, attempted };
      views.set(key, view);
      return view;
    };
    for (const { job, startedAt, succeededAt } of running.values())
      viewOf(JSON.stringify([job.project, job.pipeline]), job.isProtected).running.push({
        ...{ name: job.name, startedAt, succeededAt },
      });
    for (const { job, pipeline } of waiting.values())
      viewOf(JSON.stringify([job.project, pipeline]), job.isProtected);
    return [...views.values()];
  };

  const decide = () => {
    clearTimeout(timer);
    if (isClosed) return;
    const { start, letGo, nextAt } = decideAhead({
      book,
      pipelines: pipelineFacts(),
      waiting: [...waiting.values()].map(({ id, pipeline, job, recipe, until }) => ({
        ...{ id, pipeline, job, until },
        cpu: recipe.shape.size.cpu,
      })),
      maxCpu: fleet.ahead.maxVcpu * 1024,
      pausedUntil,
      now: now(),
    });
    for (const id of letGo) drop(id, 'no job came that needs it');
    for (const { job, pipeline, task } of start) {
      const recipe = recipes.get(task.shape);
      pipelineOf({ ...job, pipeline }).attempted.add(job.name);
      if (recipe) startOne({ job, pipeline, recipe });
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

  /** Lets go of a task that still waits. */
  const drop = (id: string, why: string) => {
    const task = waiting.get(id);
    if (!task) return;
    waiting.delete(id);
    letGo(task, why);
  };

  const letGo = (task: AheadTask, why: string) => {
    learnClaim(book, task.job, false, now());
    const stopped = stopAheadTask(settings, task, why).finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  };

  const pause = (why: string) => {
    pausedUntil = now() + PAUSE_MS;
    for (const id of [...waiting.keys()]) drop(id, why);
  };

  /** Takes a task out of the waiting ones: one that is ready if possible. */
  const take = ({ job, family, capacity }: ClaimRequest): AheadTask | undefined => {
    const key = claimKey(job, family);
    const fits = (task: AheadTask) => {
      const providers = task.started ? [task.started.capacityProvider] : task.recipe.capacity;
      return task.key === key && providers.every((provider) => capacity.includes(provider));
    };
    const fitting = [...waiting.values()].filter(fits);
    const taken = fitting.find(({ started }) => started?.isReady) ?? fitting[0];
    if (taken) waiting.delete(taken.id);
    return taken;
  };

  return {
    arrived(id, job) {
      learnArrival(book, job, now());
      running.set(id, { job, startedAt: now(), task: undefined, succeededAt: undefined });
    },

    async claim(request, signal) {
      const task = take(request);
      if (!task) return { kind: 'none' };
      try {
        await aborted(task.ready, signal);
        const why = await whyNotUsable(task, request.capacity);
        if (why !== undefined) throw new SystemFailureError(why);
        const tags = toTags({ jobId: String(request.jobId) });
        const arn = task.started?.arn ?? '';
        if (!(await aborted(tagTask(runTask.ecs, runTask.cluster, arn, tags), signal)))
          throw new SystemFailureError('it ended');
      } catch (error) {
        letGo(task, messageOf(error));
        signal.throwIfAborted();
        return { kind: 'none', why: messageOf(error) };
      }
      for (const release of task.release.splice(0)) release();
      learnClaim(book, task.job, true, now());
      return { kind: 'claimed', task };
    },

    ready(id, kind, startSeconds) {
      const job = running.get(id);
      if (job) Object.assign(job, { startedAt: now(), task: { kind, startSeconds } });
      decide();
    },

    learnRecipe: (recipe) => remember(recipes, recipe.definition.family, recipe, MAX_RECIPES),

    scriptEnded(id, succeeded) {
      const job = running.get(id);
      if (job) job.succeededAt = succeeded ? now() : undefined;
      decide();
    },

    ended(id) {
      const ended = running.get(id);
      if (!ended) return;
      running.delete(id);
      const { job, startedAt, task, succeededAt } = ended;
      const wasLast = ![...running.values()].some(
        (other) => other.job.project === job.project && other.job.pipeline === job.pipeline,
      );
      const succeeded = succeededAt !== undefined;
      pipelineOf(job).succeededAt = succeeded ? now() : undefined;
      if (task)
        learnEnd(book, {
          ...job,
          ...{ task: task.kind, startedAt, finishedAt: now(), succeeded, wasLast },
          startSeconds: task.startSeconds,
        });
      decide();
    },

    pause,

    async close(why) {
      isClosed = true;
      clearTimeout(timer);
      for (const id of [...waiting.keys()]) drop(id, why);
      await Promise.all(stopping);
    },
  };

  /** Checks a ready task right before a job gets it. */
  async function whyNotUsable(
    { started, connection, digests, recipe }: AheadTask,
    capacity: readonly CapacityProvider[],
  ): Promise<string | undefined> {
    if (!started || !connection || !digests) return 'it is not ready';
    if (!capacity.includes(started.capacityProvider))
      return `the job may not run on ${started.capacityProvider}`;
    const [current] = await Promise.all([
      readImageDigests(recipe.shape),
      connection.ask('heartbeat', { deadlineMs: ALIVE_MS }),
    ]);
    const moved = movedImage(digests, current);
    return moved === undefined ? undefined : `the tag of ${moved} has moved since`;
  }
}

/** Settles as the promise, or rejects when the signal aborts first. */
function aborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Adds an entry as the newest one, and drops the oldest beyond the maximum. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
