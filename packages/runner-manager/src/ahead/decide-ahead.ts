import {
  type Book,
  type JobName,
  keyOf,
  type PipelineView,
  type Prediction,
  predict,
} from '@serverless-gitlab-runner/forecast';
import type { Usage } from '../job/plan/project-shares.ts';

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

export interface AheadFacts {
  book: Book;
  pipelines: readonly PipelineFacts[];
  waiting: readonly WaitingFacts[];
  /** What may wait to be claimed: as many tasks as the manager may run jobs, and the fleet's `ahead.maxVcpu`. */
  room: Usage;
  /** What the fleet's limits leave for a project beside its running jobs. */
  roomOf(project: string): Usage;
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
  const { book, pipelines, waiting, room, roomOf, pausedUntil, now } = facts;
  const predictions = pipelines.flatMap((view) =>
    // Stryker disable next-line StringLiteral: `predict` knows three moments, and this one is what is left
    predict(book, view, { moment: 'before-end', leadSeconds: LEAD_SECONDS, now }).map((prediction) => ({
      ...prediction,
      pipeline: view.pipeline,
      isAttempted: view.attempted.has(prediction.job.name),
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

  const candidates = predictions.filter(({ isAttempted }) => !isAttempted);
  const start: AheadDecision['start'][number][] = [];
  const held = kept.map(({ job, cpu }) => ({ project: job.project, cpu }));
  for (const { isAttempted: _, ...prediction } of candidates) {
    const { startAt, task, job } = prediction;
    const { project } = job;
    const ofProject = held.filter((other) => other.project === project);
    const fits = hasRoom(room, held, task.cpu) && hasRoom(roomOf(project), ofProject, task.cpu);
    if (startAt > now || pausedUntil > now || !fits) continue;
    held.push({ project, cpu: task.cpu });
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

/** Whether one more task may wait beside those that are held. */
function hasRoom(room: Usage, held: readonly { cpu: number }[], cpu: number): boolean {
  return held.length < room.jobs && held.reduce((sum, task) => sum + task.cpu, cpu) <= room.cpu;
}

function expectationOf(pipeline: string, job: JobName): string {
  return JSON.stringify([pipeline, keyOf(job)]);
}
