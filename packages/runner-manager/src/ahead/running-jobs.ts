import { createTimedCache } from '@serverless-gitlab-runner/aws/calls';
import {
  type ArrivedJob,
  type Book,
  type JobName,
  learnArrival,
  learnEnd,
  learnPassedFailure,
  type RunningJob,
  type TaskKind,
} from '@serverless-gitlab-runner/forecast';
import type { PipelineFacts } from './decide-ahead.ts';

/** The manager's jobs from their arrival to their end, and what the forecast learns from them. */
export interface RunningJobs {
  /** @param id the session's */
  arrived(id: string, job: ArrivedJob): void;
  /** @param startSeconds time from RunTask until the task accepted commands, claimed or not */
  ready(id: string, kind: TaskKind, startSeconds: number): void;
  scriptEnded(id: string, succeeded: boolean): void;
  ended(id: string): void;
  /** A task was started ahead for a job of that name. */
  attempted(job: ArrivedJob): void;
  /** The pipelines of the running jobs, and of these waiting tasks. */
  pipelines(waiting: Iterable<{ job: JobName; pipeline: string }>): PipelineFacts[];
}

/** A job between its arrival and its end. */
interface Entry {
  job: ArrivedJob;
  /** Its arrival, then when its task was ready. Milliseconds since 1970. */
  startedAt: number;
  task: { kind: TaskKind; startSeconds: number } | undefined;
  succeededAt: number | undefined;
}

/** What is remembered of a pipeline after its jobs. */
interface Pipeline {
  succeededAt: number | undefined;
  attempted: Set<string>;
  /** Names of jobs that failed, and have not succeeded since; at most `MAX_FAILED`. */
  failed: Set<string>;
}

const MAX_PIPELINES = 500;
const MAX_FAILED = 100;

export function createRunningJobs(book: Book, now: () => number): RunningJobs {
  const entries = new Map<string, Entry>();
  const known = createTimedCache<Pipeline>({ now, maxEntries: MAX_PIPELINES });

  const pipelineOf = (job: ArrivedJob): Pipeline =>
    known.get(keyOf(job)) ?? { succeededAt: undefined, attempted: new Set(), failed: new Set() };

  const change = (job: ArrivedJob, how: (pipeline: Pipeline) => void) => {
    const pipeline = pipelineOf(job);
    how(pipeline);
    known.set(keyOf(job), pipeline);
  };

  const isRunning = (job: ArrivedJob) =>
    [...entries.values()].some((other) => keyOf(other.job) === keyOf(job));

  /** A job that arrives while no other one of its pipeline runs is of the next stage, unless it is retried. */
  const learnPassedFailures = (job: ArrivedJob) => {
    const { failed } = pipelineOf(job);
    if (failed.size === 0 || failed.has(job.name) || isRunning(job)) return;
    for (const name of failed) learnPassedFailure(book, { ...job, name });
    change(job, (pipeline) => pipeline.failed.clear());
  };

  return {
    arrived(id, job) {
      learnPassedFailures(job);
      learnArrival(book, job, now());
      entries.set(id, { job, startedAt: now(), task: undefined, succeededAt: undefined });
    },

    ready(id, kind, startSeconds) {
      const entry = entries.get(id);
      if (entry) Object.assign(entry, { startedAt: now(), task: { kind, startSeconds } });
    },

    scriptEnded(id, succeeded) {
      const entry = entries.get(id);
      if (entry) entry.succeededAt = succeeded ? now() : undefined;
    },

    ended(id) {
      const ended = entries.get(id);
      if (!ended) return;
      entries.delete(id);
      const { job, startedAt, task, succeededAt } = ended;
      const wasLast = !isRunning(job);
      const succeeded = succeededAt !== undefined;
      change(job, (pipeline) => {
        pipeline.succeededAt = succeeded ? now() : undefined;
        if (succeeded) pipeline.failed.delete(job.name);
        else if (pipeline.failed.size < MAX_FAILED) pipeline.failed.add(job.name);
      });
      if (task)
        learnEnd(book, {
          ...job,
          task: task.kind,
          startedAt,
          finishedAt: now(),
          succeeded,
          wasLast,
          startSeconds: task.startSeconds,
        });
    },

    attempted: (job) => change(job, (pipeline) => pipeline.attempted.add(job.name)),

    pipelines(waiting) {
      const views = new Map<string, PipelineFacts & { running: RunningJob[] }>();
      const viewOf = (job: ArrivedJob) => {
        const { project, pipeline, isProtected } = job;
        const view = views.get(keyOf(job)) ?? {
          project,
          pipeline,
          isProtected,
          running: [],
          ...pipelineOf(job),
          failed: [...pipelineOf(job).failed],
        };
        views.set(keyOf(job), view);
        return view;
      };
      for (const { job, startedAt, succeededAt } of entries.values())
        viewOf(job).running.push({ name: job.name, startedAt, succeededAt });
      for (const { job, pipeline } of waiting) viewOf({ ...job, pipeline });
      return [...views.values()];
    },
  };
}

function keyOf({ project, pipeline }: ArrivedJob): string {
  return JSON.stringify([project, pipeline]);
}
