import {
  type Book,
  type Estimate,
  FADE_AT,
  type FollowerTally,
  isText,
  isUsableName,
  isUsableTask,
  type JobName,
  type JobRecord,
  keyOf,
  kindKeyOf,
  MAX_FOLLOWERS,
  MAX_JOBS,
  MAX_KINDS,
  MAX_RECENT,
  MAX_TEXT_LENGTH,
  recordOf,
  type TaskKind,
} from './book.ts';

/** A job that a manager received. */
export interface ArrivedJob extends JobName {
  /** The pipeline's id. It only groups jobs of one project, so a wrong one can only spoil predictions. */
  pipeline: string;
}

/** A job that has ended. */
export interface FinishedJob extends ArrivedJob {
  task: TaskKind;
  /** Milliseconds since 1970. */
  startedAt: number;
  finishedAt: number;
  /** Seconds from RunTask until its task was ready, whether it was started ahead or not; undefined if unknown. */
  startSeconds: number | undefined;
  succeeded: boolean;
  /** Whether no other job of its pipeline ran in this manager when it ended. */
  wasLast: boolean;
}

/** A job that arrives later than this after a success is not counted as its follower. */
const FOLLOW_MS = 30_000;
/** Smoothing weights, as for TCP's round-trip times. @see https://www.rfc-editor.org/rfc/rfc6298 */
const MEAN_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
/** The deviation assumed after the first sample, as a fraction of it, since one sample has no deviation. */
const FIRST_DEVIATION = 1 / 4;
const MAX_SAMPLES = 8;
/** A week: longer than any job task may live. */
const MAX_SECONDS = 604_800;

/** Learns from a job's arrival that it follows the last success of its pipeline. Invalid input is ignored. */
export function learnArrival(book: Book, job: ArrivedJob, now: number): void {
  if (!isUsableName(job) || !isText(job.pipeline, MAX_TEXT_LENGTH)) return;
  const success = book.recent.get(pipelineKey(job));
  if (success === undefined || !(now - success.at <= FOLLOW_MS)) return;
  if (success.counted.has(job.name) || success.counted.size >= MAX_FOLLOWERS) return;
  success.counted.add(job.name);
  countFollower(success.tally, job.name);
}

/** Learns a job's task and, after a success, its duration; jobs that arrive soon then count as followers. Ignores invalid input. */
export function learnEnd(book: Book, job: FinishedJob): void {
  const seconds = (job.finishedAt - job.startedAt) / 1000;
  const isUsable = isUsableName(job) && isText(job.pipeline, MAX_TEXT_LENGTH) && isUsableTask(job.task);
  if (!isUsable || !isDuration(seconds)) return;
  const record = touch(book, job);
  if (record.finished >= FADE_AT)
    halve(record, 'finished', 'succeeded', 'passedFailures', 'sameTask', 'compared');
  learnTask(record, job.task);
  record.finished += 1;
  if (job.startSeconds !== undefined && isDuration(job.startSeconds))
    learnStart(book, job.task, job.startSeconds);
  if (!job.succeeded) {
    book.recent.delete(pipelineKey(job));
    return;
  }
  record.succeeded += 1;
  record.duration = withSample(record.duration, seconds);
  const tally = job.wasLast ? record.afterLast : record.afterOther;
  fade(tally);
  tally.times += 1;
  remember(book.recent, pipelineKey(job), { tally, at: job.finishedAt, counted: new Set<string>() });
  forgetOldest(book.recent, MAX_RECENT);
}

/** Learns that the next stage came although this job had failed. */
export function learnPassedFailure(book: Book, job: JobName): void {
  const record = recordOf(book, job);
  if (record) record.passedFailures = Math.min(record.finished - record.succeeded, record.passedFailures + 1);
}

function halve(record: JobRecord, ...counts: CountOfRecord[]): void {
  for (const count of counts) record[count] /= 2;
}

type CountOfRecord = 'finished' | 'succeeded' | 'passedFailures' | 'sameTask' | 'compared';

/** Keeps a job's task, and learns whether it is the same as in the run before. */
function learnTask(record: JobRecord, task: TaskKind): void {
  if (record.finished > 0) {
    record.compared += 1;
    if (record.task.shape === task.shape) record.sameTask += 1;
  }
  record.task = { ...task };
}

function learnStart({ starts }: Book, kind: TaskKind, seconds: number): void {
  const key = kindKeyOf(kind);
  remember(starts, key, withSample(starts.get(key), seconds));
  forgetOldest(starts, MAX_KINDS);
}

/** Returns the job's record as the most recently used one, and creates it if missing. */
function touch(book: Book, { project, name, isProtected, task }: FinishedJob): JobRecord {
  const key = keyOf({ project, name, isProtected });
  const record = book.jobs.get(key) ?? emptyRecord({ project, name, isProtected }, task);
  remember(book.jobs, key, record);
  forgetOldest(book.jobs, MAX_JOBS);
  return record;
}

function emptyRecord(job: JobName, task: TaskKind): JobRecord {
  return {
    job,
    task,
    sameTask: 0,
    compared: 0,
    duration: undefined,
    finished: 0,
    succeeded: 0,
    passedFailures: 0,
    afterLast: { times: 0, followers: new Map() },
    afterOther: { times: 0, followers: new Map() },
    claims: [],
    offUntil: 0,
  };
}

function countFollower(tally: FollowerTally, name: string): void {
  const count = tally.followers.get(name) ?? 0;
  if (count === 0 && tally.followers.size >= MAX_FOLLOWERS) {
    const [rarest] = [...tally.followers].reduce((min, entry) => (entry[1] < min[1] ? entry : min));
    tally.followers.delete(rarest);
  }
  // The tally may have faded in between; a job must not follow more often than its predecessor succeeds.
  tally.followers.set(name, Math.min(tally.times, count + 1));
}

function fade(tally: FollowerTally): void {
  if (tally.times < FADE_AT) return;
  tally.times /= 2;
  for (const [name, count] of tally.followers) {
    if (count < 1) tally.followers.delete(name);
    else tally.followers.set(name, count / 2);
  }
}

function withSample(estimate: Estimate | undefined, seconds: number): Estimate {
  if (estimate === undefined) return { mean: seconds, deviation: seconds * FIRST_DEVIATION, samples: 1 };
  const { mean, deviation, samples } = estimate;
  const newest = 1 / (samples + 1);
  const difference = seconds - mean;
  return {
    mean: mean + difference * Math.max(newest, MEAN_WEIGHT),
    deviation: deviation + (Math.abs(difference) - deviation) * Math.max(newest, DEVIATION_WEIGHT),
    samples: Math.min(MAX_SAMPLES, samples + 1),
  };
}

function pipelineKey({ project, pipeline }: ArrivedJob): string {
  return JSON.stringify([project, pipeline]);
}

function isDuration(seconds: number): boolean {
  return seconds >= 0 && seconds <= MAX_SECONDS;
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
}

function forgetOldest(map: Map<string, unknown>, maxSize: number): void {
  for (const key of map.keys()) {
    if (map.size <= maxSize) return;
    map.delete(key);
  }
}
