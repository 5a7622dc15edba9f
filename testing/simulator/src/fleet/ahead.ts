import {
  type Book,
  keyOf,
  learnArrival,
  learnClaim,
  learnEnd,
  type Prediction,
  predict,
  type RunningJob,
  type TaskKind,
} from '@serverless-gitlab-runner/forecast';
import { MINUTE, SECOND } from '../model.ts';
import type { AheadPolicy } from '../policies.ts';
import type { JobTrace, PipelineTrace } from '../trace/trace.ts';
import type { Clock } from './clock.ts';
import type { StartedTask } from './compute.ts';

/** A task that was started ahead and that no job has taken. */
interface UnclaimedTask {
  task: StartedTask;
  prediction: Pick<Prediction, 'job' | 'task'>;
}

/** A pipeline as one manager sees it. */
interface SeenPipeline {
  trace: PipelineTrace;
  running: Map<string, RunningJob>;
  arrived: Set<string>;
  /** Tasks started ahead for it, by job name. */
  started: Map<string, UnclaimedTask>;
  /** Whether a job of it has failed: nothing follows, unless the job is retried. */
  hasFailed: boolean;
  /** When it is looked at again; undefined: it is not. */
  wakeAt: number | undefined;
}

/** The vCPU that a fleet's unclaimed tasks have together. */
export interface UnclaimedBound {
  vcpu: number;
  most: number;
}

export interface AheadDeps {
  clock: Clock;
  book: Book;
  policy: AheadPolicy;
  bound: UnclaimedBound;
  /** Seconds that a task is expected to take where that was never measured. */
  leadSeconds: number;
  start(kind: TaskKind): StartedTask;
  /** A task started ahead was let go. */
  onUnclaimed(task: StartedTask): void;
}

/** The part of a manager that starts job tasks ahead: learns, predicts, claims, and lets go. */
export interface Ahead {
  /** The launcher started a task for a job that this new manager will take: the one that the book knows of it. */
  adopt(pipeline: PipelineTrace, job: JobTrace): void;
  arrived(pipeline: PipelineTrace, job: JobTrace): void;
  /** It has a task. @param expectedAt when that is expected to take its script, in milliseconds since the trace's begin */
  placed(pipeline: PipelineTrace, job: JobTrace, expectedAt: number): void;
  /** Its task has begun its script. */
  running(pipeline: PipelineTrace, job: JobTrace): void;
  /** The unclaimed task for that job, if one fits; it belongs to the job from then on. */
  claim(pipeline: PipelineTrace, job: JobTrace): StartedTask | undefined;
  succeeded(pipeline: PipelineTrace, job: JobTrace): void;
  /** @param startSeconds of its own task; undefined: it was started ahead */
  ended(pipeline: PipelineTrace, job: JobTrace, run: EndedRun): void;
  /** Lets everything go, as a manager does that is drained. */
  letGo(): void;
}

export interface EndedRun {
  /** Milliseconds since the trace's begin. */
  startedAt: number;
  startSeconds: number | undefined;
  succeeded: boolean;
}

/** Once a stage has ended, what its successors have not taken within this is let go. */
const HOLD_AFTER_STAGE_MS = 30 * SECOND;
/** Whatever happens, nothing waits longer. */
const HOLD_MS = 15 * MINUTE;
const CAPACITY = 'FARGATE';

export function createAhead(deps: AheadDeps): Ahead {
  const { clock, book, policy } = deps;
  const pipelines = new Map<number, SeenPipeline>();
  const unclaimed = new Set<UnclaimedTask>();

  const seen = (trace: PipelineTrace): SeenPipeline => {
    const known = pipelines.get(trace.id);
    if (known !== undefined) return known;
    const fresh: SeenPipeline = {
      trace,
      running: new Map(),
      arrived: new Set(),
      started: new Map(),
      hasFailed: false,
      wakeAt: undefined,
    };
    pipelines.set(trace.id, fresh);
    return fresh;
  };

  const release = (ahead: UnclaimedTask) => {
    if (!unclaimed.delete(ahead)) return;
    deps.bound.vcpu -= ahead.prediction.task.cpu / 1024;
    learnClaim(book, ahead.prediction.job, false, clock.now());
    deps.onUnclaimed(ahead.task);
  };

  const startAhead = (pipeline: SeenPipeline, { job, task: kind }: UnclaimedTask['prediction']) => {
    const vcpu = kind.cpu / 1024;
    if (deps.bound.vcpu + vcpu > deps.bound.most) return;
    deps.bound.vcpu += vcpu;
    const prediction = { job, task: policy.isWrong ? { ...kind, shape: 'wanted by no job' } : kind };
    const ahead: UnclaimedTask = { task: deps.start(kind), prediction };
    pipeline.started.set(job.name, ahead);
    unclaimed.add(ahead);
    clock.at(clock.now() + HOLD_MS, () => release(ahead));
  };

  const look = (pipeline: SeenPipeline) => {
    const now = clock.now();
    if (policy.moment === 'exactly' || pipeline.hasFailed || pipeline.running.size === 0) return;
    const { project, isProtected } = pipeline.trace;
    const view = { project, isProtected, running: [...pipeline.running.values()] };
    const options = { moment: policy.moment, leadSeconds: deps.leadSeconds, now };
    const wanted = predict(book, view, options).filter(
      ({ job }) => !pipeline.started.has(job.name) && !pipeline.arrived.has(job.name),
    );
    for (const prediction of wanted) if (prediction.startAt <= now) startAhead(pipeline, prediction);
    const later = wanted.map(({ startAt }) => startAt).filter((time) => time > now);
    if (later.length > 0) wakeAt(pipeline, Math.min(...later));
  };

  const wakeAt = (pipeline: SeenPipeline, time: number) => {
    if (pipeline.wakeAt !== undefined && pipeline.wakeAt <= time) return;
    pipeline.wakeAt = time;
    clock.at(time, () => {
      if (pipeline.wakeAt !== time) return;
      pipeline.wakeAt = undefined;
      look(pipeline);
    });
  };

  const setRunning = (trace: PipelineTrace, { name }: JobTrace, startedAt: number) => {
    const pipeline = seen(trace);
    pipeline.running.set(name, { name, startedAt, succeededAt: undefined });
    look(pipeline);
  };

  const releaseOf = (pipeline: SeenPipeline, tasks: Iterable<UnclaimedTask>) => {
    for (const ahead of tasks) {
      release(ahead);
      pipeline.started.delete(ahead.prediction.job.name);
    }
    if (pipeline.running.size === 0) pipelines.delete(pipeline.trace.id);
  };

  return {
    adopt(trace, job) {
      const record = book.jobs.get(keyOf(nameOf(trace, job)));
      if (record !== undefined) startAhead(seen(trace), record);
    },
    arrived(trace, job) {
      const pipeline = seen(trace);
      learnArrival(book, { ...nameOf(trace, job), pipeline: `${trace.id}` }, clock.now());
      pipeline.arrived.add(job.name);
      pipeline.hasFailed = false;
    },
    placed: setRunning,
    running: (trace, job) => setRunning(trace, job, clock.now()),
    claim(trace, job) {
      if (job.imageMoves) return undefined;
      const fitting = [...unclaimed].filter(({ prediction }) => fits(prediction, trace, job));
      const [first] = fitting.sort((one, other) => one.task.readyAt - other.task.readyAt);
      if (first === undefined) return undefined;
      unclaimed.delete(first);
      deps.bound.vcpu -= job.cpu / 1024;
      learnClaim(book, first.prediction.job, true, clock.now());
      return first.task;
    },
    succeeded(trace, job) {
      const pipeline = seen(trace);
      const running = pipeline.running.get(job.name);
      if (running === undefined) return;
      running.succeededAt = clock.now();
      look(pipeline);
    },
    ended(trace, job, { startedAt, startSeconds, succeeded }) {
      const pipeline = seen(trace);
      pipeline.running.delete(job.name);
      learnEnd(book, {
        ...nameOf(trace, job),
        pipeline: `${trace.id}`,
        task: kindOf(job),
        startedAt,
        finishedAt: clock.now(),
        startSeconds,
        succeeded,
        wasLast: pipeline.running.size === 0,
      });
      pipeline.hasFailed ||= !succeeded;
      if (!succeeded) return releaseOf(pipeline, [...pipeline.started.values()]);
      if (pipeline.running.size > 0) return look(pipeline);
      const tasks = [...pipeline.started.values()];
      clock.at(clock.now() + HOLD_AFTER_STAGE_MS, () => releaseOf(pipeline, tasks));
    },
    letGo() {
      for (const ahead of unclaimed) release(ahead);
    },
  };
}

function nameOf({ project, isProtected }: PipelineTrace, { name }: JobTrace) {
  return { project, name, isProtected };
}

function kindOf({ shape, cpu, memory }: JobTrace): TaskKind {
  return { shape, cpu, memory, capacity: CAPACITY };
}

function fits({ job, task }: UnclaimedTask['prediction'], trace: PipelineTrace, wanted: JobTrace): boolean {
  const isSameProject = job.project === trace.project && job.isProtected === trace.isProtected;
  return (
    isSameProject && task.shape === wanted.shape && task.cpu === wanted.cpu && task.memory === wanted.memory
  );
}
