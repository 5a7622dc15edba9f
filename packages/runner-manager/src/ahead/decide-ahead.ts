import {
  type Book,
  type JobName,
  keyOf,
  type PipelineView,
  type Prediction,
  predict,
} from '@serverless-gitlab-runner/forecast';

/** A pipeline that has jobs in this manager, or had some until recently. */
export interface PipelineFacts extends PipelineView {
  pipeline: string;
  /** When its last success ended; undefined before. Milliseconds since 1970. */
  succeededAt: number | undefined;
  /** Names for which a task was started ahead already: each gets one. */
  attempted: ReadonlySet<string>;
}

/** A task that was started ahead and waits for a job. */
export interface WaitingFacts {
  id: string;
  pipeline: string;
  job: JobName;
  /** CPU units. */
  cpu: number;
  /** Milliseconds since 1970. */
  until: number;
}

/** What may wait to be claimed in one manager. */
export interface AheadLimits {
  /** CPU units of all tasks: the fleet's `ahead.maxVcpu`. */
  cpu: number;
  /** As many tasks as the manager may run jobs. */
  tasks: number;
  /** CPU units and tasks of one project, with its running jobs. */
  cpuPerProject: number;
  tasksPerProject: number;
}

export interface AheadFacts {
  book: Book;
  pipelines: readonly PipelineFacts[];
  waiting: readonly WaitingFacts[];
  limits: AheadLimits;
  /** What a project's jobs use of this manager. */
  usedBy(project: string): { jobs: number; cpu: number };
  /** Until when nothing is started, because AWS lacked capacity. Milliseconds since 1970. */
  pausedUntil: number;
  /** Milliseconds since 1970. */
  now: number;
}

export interface AheadDecision {
  start: readonly (Prediction & { pipeline: string })[];
  /** Ids of waiting tasks that no job will claim. */
  letGo: readonly string[];
  /** When to decide again, if nothing happens before; undefined: never. Milliseconds since 1970. */
  nextAt: number | undefined;
}

/** Start time assumed for tasks that have not been measured yet: Fargate with images of some hundred megabytes. */
const LEAD_SECONDS = 60;
/** After a success, GitLab queues the next jobs within some seconds, and the runner asks for them within some more. */
const ARRIVAL_MS = 45_000;

/** Decides which tasks to start ahead now, which waiting ones to let go, and when to decide again. */
export function decideAhead(facts: AheadFacts): AheadDecision {
  const { book, pipelines, waiting, pausedUntil, now } = facts;
  const predictions = pipelines.flatMap((view) =>
    predict(book, view, { moment: 'before-end', leadSeconds: LEAD_SECONDS, now }).map((prediction) => ({
      ...prediction,
      ...{ pipeline: view.pipeline, isAttempted: view.attempted.has(prediction.job.name) },
    })),
  );
  const expected = new Set(predictions.map(({ pipeline, job }) => expectationOf(pipeline, job)));
  const mayArriveUntil = new Map(
    pipelines.map(({ project, pipeline, succeededAt = Number.NEGATIVE_INFINITY }) => [
      JSON.stringify([project, pipeline]),
      succeededAt + ARRIVAL_MS,
    ]),
  );
  const waitsUntil = ({ pipeline, job, until }: WaitingFacts) => {
    const arrival = mayArriveUntil.get(JSON.stringify([job.project, pipeline])) ?? Number.NEGATIVE_INFINITY;
    return expected.has(expectationOf(pipeline, job)) ? until : Math.min(until, arrival);
  };
  const letGo = waiting.filter((task) => waitsUntil(task) <= now);
  const kept = waiting.filter((task) => waitsUntil(task) > now);

  const candidates = predictions
    .filter(({ isAttempted }) => !isAttempted)
    .sort((one, other) => one.startAt - other.startAt);
  const start: AheadDecision['start'][number][] = [];
  const held = kept.map(({ job, cpu }) => ({ project: job.project, cpu }));
  for (const { isAttempted: _, ...prediction } of candidates) {
    const { job, task, startAt } = prediction;
    const wanted = { project: job.project, cpu: task.cpu };
    if (startAt > now || pausedUntil > now || !hasRoom(facts, [...held, wanted])) continue;
    held.push(wanted);
    start.push(prediction);
  }
  const moments = [
    ...candidates.map(({ startAt }) => Math.max(startAt, pausedUntil)),
    ...kept.map(waitsUntil),
  ].filter((moment) => moment > now);
  return {
    start,
    letGo: letGo.map(({ id }) => id),
    nextAt: moments.length === 0 ? undefined : Math.min(...moments),
  };
}

/** Whether all these tasks may wait. The last one is new: only its project's limits are checked. */
function hasRoom({ limits, usedBy }: AheadFacts, tasks: readonly HeldTask[]): boolean {
  const project = tasks.at(-1)?.project ?? '';
  const own = tasks.filter((task) => task.project === project);
  const running = usedBy(project);
  return (
    tasks.length <= limits.tasks &&
    cpuOf(tasks) <= limits.cpu &&
    running.jobs + own.length <= limits.tasksPerProject &&
    running.cpu + cpuOf(own) <= limits.cpuPerProject
  );
}

interface HeldTask {
  project: string;
  cpu: number;
}

function cpuOf(tasks: readonly HeldTask[]): number {
  return tasks.reduce((sum, { cpu }) => sum + cpu, 0);
}

function expectationOf(pipeline: string, job: JobName): string {
  return JSON.stringify([pipeline, keyOf(job)]);
}
