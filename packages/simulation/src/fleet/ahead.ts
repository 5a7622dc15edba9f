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
import type { JobTrace, PipelineTrace } from '../trace.ts';
import type { Clock } from './clock.ts';
import type { StartedTask } from './compute.ts';

/** A task that was started ahead and is not claimed. */
interface UnclaimedTask {
  task: StartedTask;
  prediction: Pick<Prediction, 'job' | 'task'>;
}

/** State of a pipeline in one manager. */
interface PipelineState {
  trace: PipelineTrace;
  running: Map<string, RunningJob>;
  arrived: Set<string>;
  /** Tasks started ahead for it, by job name. */
  started: Map<string, UnclaimedTask>;
  /** Whether one of its jobs has failed. No stage follows then, unless the job is retried. */
  hasFailed: boolean;
  /** Time of the next scheduled prediction; undefined if none. */
  wakeAt: number | undefined;
}

/** Total vCPU of a fleet's unclaimed tasks, and its maximum. */
export interface UnclaimedBound {
  vcpu: number;
  maxVcpu: number;
}

export interface AheadDeps {
  clock: Clock;
  book: Book;
  policy: AheadPolicy;
  bound: UnclaimedBound;
  /** Expected start time of a task in seconds if none was measured. */
  leadSeconds: number;
  /** Whether tasks of a kind may be started ahead at all. */
  mayStart(kind: TaskKind): boolean;
  start(kind: TaskKind): StartedTask;
  /** A task started ahead was released unclaimed. */
  onReleased(task: StartedTask): void;
}

/** The part of a manager that starts job tasks ahead: learns, predicts, claims and releases. */
export interface Ahead {
  /** The launcher starts the task that the book has for a job, which this new manager will take. */
  adopt(pipeline: PipelineTrace, job: JobTrace): void;
  arrived(pipeline: PipelineTrace, job: JobTrace): void;
  /** The job has a task. @param expectedAt expected start of its script, in milliseconds since the start of the trace */
  placed(pipeline: PipelineTrace, job: JobTrace, expectedAt: number): void;
  /** The job's script has started. */
  running(pipeline: PipelineTrace, job: JobTrace): void;
  /** Claims an unclaimed task that fits the job, if one exists. */
  claim(pipeline: PipelineTrace, job: JobTrace): StartedTask | undefined;
  succeeded(pipeline: PipelineTrace, job: JobTrace): void;
  /** The job has ended. */
  ended(pipeline: PipelineTrace, job: JobTrace, run: EndedRun): void;
  /** Releases all unclaimed tasks, as a draining manager does. */
  releaseAll(): void;
}

export interface EndedRun {
  /** Milliseconds since the start of the trace. */
  startedAt: number;
  /** Start time of its task, claimed or not. */
  startSeconds: number;
  succeeded: boolean;
}

/** Tasks that the next stage has not claimed this long after the end of a stage are released. */
const HOLD_AFTER_STAGE_MS = 30 * SECOND;
/** Maximum time that a task waits unclaimed. */
const HOLD_MS = 15 * MINUTE;
const CAPACITY = 'FARGATE';

export function createAhead(deps: AheadDeps): Ahead {
  const { clock, book, policy } = deps;
  const pipelines = new Map<number, PipelineState>();
  const unclaimed = new Set<UnclaimedTask>();

  const stateOf = (trace: PipelineTrace): PipelineState => {
    const known = pipelines.get(trace.id);
    if (known !== undefined) return known;
    const fresh: PipelineState = {
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
    deps.onReleased(ahead.task);
  };

  const startAhead = (pipeline: PipelineState, { job, task: kind }: UnclaimedTask['prediction']) => {
    const vcpu = kind.cpu / 1024;
    if (!deps.mayStart(kind) || deps.bound.vcpu + vcpu > deps.bound.maxVcpu) return;
    deps.bound.vcpu += vcpu;
    const prediction = { job, task: policy.isWrong ? { ...kind, shape: 'used by no job' } : kind };
    const ahead: UnclaimedTask = { task: deps.start(kind), prediction };
    pipeline.started.set(job.name, ahead);
    unclaimed.add(ahead);
    clock.at(clock.now() + HOLD_MS, () => release(ahead));
  };

  const startPredicted = (pipeline: PipelineState) => {
    const now = clock.now();
    if (policy.moment === 'exactly' || pipeline.hasFailed || pipeline.running.size === 0) return;
    const { project, isProtected } = pipeline.trace;
    const view = { project, isProtected, running: [...pipeline.running.values()], failed: [] };
    const options = { moment: policy.moment, leadSeconds: deps.leadSeconds, now };
    const predictions = predict(book, view, options).filter(
      ({ job }) => !pipeline.started.has(job.name) && !pipeline.arrived.has(job.name),
    );
    for (const prediction of predictions) if (prediction.startAt <= now) startAhead(pipeline, prediction);
    const later = predictions.map(({ startAt }) => startAt).filter((time) => time > now);
    if (later.length > 0) scheduleWake(pipeline, Math.min(...later));
  };

  const scheduleWake = (pipeline: PipelineState, time: number) => {
    if (pipeline.wakeAt !== undefined && pipeline.wakeAt <= time) return;
    pipeline.wakeAt = time;
    clock.at(time, () => {
      if (pipeline.wakeAt !== time) return;
      pipeline.wakeAt = undefined;
      startPredicted(pipeline);
    });
  };

  const setRunning = (trace: PipelineTrace, { name }: JobTrace, startedAt: number) => {
    const pipeline = stateOf(trace);
    pipeline.running.set(name, { name, startedAt, succeededAt: undefined });
    startPredicted(pipeline);
  };

  const releaseTasks = (pipeline: PipelineState, tasks: Iterable<UnclaimedTask>) => {
    for (const ahead of tasks) {
      release(ahead);
      pipeline.started.delete(ahead.prediction.job.name);
    }
    if (pipeline.running.size === 0) pipelines.delete(pipeline.trace.id);
  };

  return {
    adopt(trace, job) {
      const record = book.jobs.get(keyOf(nameOf(trace, job)));
      if (record !== undefined) startAhead(stateOf(trace), record);
    },
    arrived(trace, job) {
      const pipeline = stateOf(trace);
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
      const pipeline = stateOf(trace);
      const running = pipeline.running.get(job.name);
      if (running === undefined) return;
      running.succeededAt = clock.now();
      startPredicted(pipeline);
    },
    ended(trace, job, { startedAt, startSeconds, succeeded }) {
      const pipeline = stateOf(trace);
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
      if (!succeeded) return releaseTasks(pipeline, [...pipeline.started.values()]);
      if (pipeline.running.size > 0) return startPredicted(pipeline);
      const tasks = [...pipeline.started.values()];
      clock.at(clock.now() + HOLD_AFTER_STAGE_MS, () => releaseTasks(pipeline, tasks));
    },
    releaseAll() {
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

function fits(
  { job, task }: UnclaimedTask['prediction'],
  trace: PipelineTrace,
  candidate: JobTrace,
): boolean {
  const isSameProject = job.project === trace.project && job.isProtected === trace.isProtected;
  return (
    isSameProject &&
    task.shape === candidate.shape &&
    task.cpu === candidate.cpu &&
    task.memory === candidate.memory
  );
}
