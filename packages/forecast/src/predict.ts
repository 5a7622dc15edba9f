import {
  type Book,
  type Estimate,
  type FollowerTally,
  type JobName,
  type JobRecord,
  kindKeyOf,
  recordOf,
  type TaskKind,
} from './book.ts';
import { isOff } from './brake.ts';

/**
 * When the task of a likely follower is started: once the last script has succeeded; early enough to be ready when the last
 * job is expected to end; or as soon as the last job runs.
 */
export type Moment = 'at-success' | 'before-end' | 'at-start';

/** A job of a pipeline that a manager is running. Times are milliseconds since 1970. */
export interface RunningJob {
  name: string;
  startedAt: number;
  /** When its script succeeded; undefined while it runs. */
  succeededAt: number | undefined;
}

/** The part of a pipeline that one manager sees. */
export interface PipelineView {
  project: string;
  isProtected: boolean;
  /** Its jobs that have not ended. */
  running: readonly RunningJob[];
  /** Names of its jobs that failed, and have not succeeded since. */
  failed: readonly string[];
}

export interface PredictOptions {
  moment: Moment;
  /** Seconds that a task takes to start, for kinds of tasks whose start time has not been measured yet. */
  leadSeconds: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** A job that will probably be queued. */
export interface Prediction {
  job: JobName;
  task: TaskKind;
  /** 0 to 1. */
  chance: number;
  /** When its task should start, in milliseconds since 1970; not before `now`. */
  startAt: number;
}

/** Minimum chance of a prediction. Below it, more tasks would go unclaimed than the brake allows. */
export const MIN_CHANCE = 0.6;

/**
 * Deviations by which a start may be slower than the mean without being late. A stage waits for the slowest of its tasks, so most
 * starts must be in time: with normally distributed ones, 19 of 20 are.
 */
const START_DEVIATIONS = 2;

/** A running job with its record. */
interface KnownJob extends RunningJob {
  record: JobRecord;
  endsAt: number;
}

/**
 * Predicts which jobs follow a pipeline's running jobs, and when their tasks should start. The job that is expected to end
 * last determines the next stage; each other job determines the jobs that need it. Only jobs that the book knows are
 * predicted, with the task that they last had; none whose task mostly changes, and none that the brake has turned off.
 */
export function predict(book: Book, view: PipelineView, options: PredictOptions): Prediction[] {
  const known = knownJobs(book, view, options.now);
  const last = lastOfStage(book, view, known);
  const predictions = new Map<string, Prediction>();
  for (const job of known) {
    // Any job of a stage may end last. So the followers of the next stage are counted for all of them together.
    const tally = job === last ? pooled(known.map(({ record }) => record.afterLast)) : job.record.afterOther;
    for (const { follower, chance } of likelyFollowers(book, view, tally, successChance(job))) {
      if (isOff(follower, options.now)) continue;
      const { name } = follower.job;
      const startAt = startOf(job, book.starts.get(kindKeyOf(follower.task)), options);
      const other = predictions.get(name);
      if (startAt === undefined || (other !== undefined && other.startAt <= startAt)) continue;
      predictions.set(name, { job: follower.job, task: follower.task, chance, startAt });
    }
  }
  return [...predictions.values()];
}

/**
 * The job with whose end the next stage starts. The end of a stage with an unknown job cannot be predicted, and no stage follows a
 * failed one.
 */
function lastOfStage(book: Book, view: PipelineView, known: readonly KnownJob[]): KnownJob | undefined {
  const isPredictable = known.length === view.running.length;
  const hasFailed = view.failed.some((name) => blocks(book, view, name));
  return isPredictable && !hasFailed ? latest(known) : undefined;
}

/** Whether a job's failure keeps the next stage from starting. Assumed unless its earlier failures mostly did not. */
function blocks(book: Book, { project, isProtected }: PipelineView, name: string): boolean {
  const record = recordOf(book, { project, name, isProtected });
  if (record === undefined) return true;
  const earlierFailures = record.finished - record.succeeded - 1;
  return earlierFailures <= 0 || record.passedFailures / earlierFailures < MIN_CHANCE;
}

function knownJobs(book: Book, { project, isProtected, running }: PipelineView, now: number): KnownJob[] {
  return running.flatMap((job) => {
    const record = recordOf(book, { project, name: job.name, isProtected });
    if (record?.duration === undefined) return [];
    const expected = job.startedAt + record.duration.mean * 1000;
    return [{ ...job, record, endsAt: job.succeededAt ?? Math.max(now, expected) }];
  });
}

/** The job that is expected to end last. Among overdue jobs, one whose script has not succeeded. */
function latest(jobs: readonly KnownJob[]): KnownJob | undefined {
  const isLater = (one: KnownJob, other: KnownJob) =>
    one.endsAt > other.endsAt ||
    (one.endsAt === other.endsAt && one.succeededAt === undefined && other.succeededAt !== undefined);
  return jobs.reduce<KnownJob | undefined>(
    (found, job) => (found === undefined || isLater(job, found) ? job : found),
    undefined,
  );
}

function pooled(tallies: readonly FollowerTally[]): FollowerTally {
  const pool: FollowerTally = { times: 0, followers: new Map() };
  for (const { times, followers } of tallies) {
    pool.times += times;
    for (const [name, count] of followers) pool.followers.set(name, (pool.followers.get(name) ?? 0) + count);
  }
  return pool;
}

/** Jobs that follow often enough, with the same task. One observed success is enough: (1 + ½) / (1 + 1) is 0.75. */
function likelyFollowers(
  book: Book,
  { project, isProtected }: PipelineView,
  { times, followers }: FollowerTally,
  success: number,
): { follower: JobRecord; chance: number }[] {
  return [...followers]
    .flatMap(([name, count]) => {
      const follower = recordOf(book, { project, name, isProtected });
      if (follower === undefined) return [];
      return { follower, chance: (success * sameTaskChance(follower) * (count + 0.5)) / (times + 1) };
    })
    .filter(({ chance }) => chance >= MIN_CHANCE);
}

function successChance({ succeededAt, record }: KnownJob): number {
  return succeededAt === undefined ? (record.succeeded + 1) / (record.finished + 1) : 1;
}

/** How likely a job needs the same task as the last time: 1 after the first run, 0.5 after a second one with another task. */
function sameTaskChance({ sameTask, compared }: JobRecord): number {
  return (sameTask + 1) / (compared + 1);
}

/** When the follower's task should start; undefined: not yet. @param start how long tasks of its kind take to start */
function startOf(job: KnownJob, start: Estimate | undefined, options: PredictOptions): number | undefined {
  const { moment, leadSeconds, now } = options;
  if (job.succeededAt !== undefined || moment === 'at-start') return now;
  if (moment === 'at-success') return undefined;
  const leadMs = (start ? start.mean + START_DEVIATIONS * start.deviation : leadSeconds) * 1000;
  const halfDeviationMs = ((job.record.duration?.deviation ?? 0) / 2) * 1000;
  return Math.max(now, job.endsAt - leadMs - halfDeviationMs);
}
