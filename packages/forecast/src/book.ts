/** Identifies a job across pipelines: facts learned from one run apply to later runs with the same name. */
export interface JobName {
  /** The project's id or path, at most 512 characters. */
  project: string;
  /** At most 255 characters, as at GitLab. */
  name: string;
  /** Whether its ref is protected: a job of a protected ref never gets a task that was started for an unprotected one. */
  isProtected: boolean;
}

/** The kind of task that a job needs. Jobs of equal kinds can run in each other's task. */
export interface TaskKind {
  /** Digest of images, services and the rest of the task definition; at most 512 characters. */
  shape: string;
  /** CPU units; 1024 is one vCPU. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** Capacity provider. */
  capacity: string;
}

/** An estimate of a varying duration, in seconds. */
export interface Estimate {
  mean: number;
  /** Mean absolute deviation. */
  deviation: number;
  /** Number of samples, counted up to 8. Older samples lose weight. */
  samples: number;
}

/** Counts of the jobs that were queued soon after a job's successes. */
export interface FollowerTally {
  /** Number of successes. At `FADE_AT`, it is halved together with the followers' counts, so that old pipelines are forgotten. */
  times: number;
  /** Number of these successes that each follower came after, by the follower's name. */
  followers: Map<string, number>;
}

/** Facts about one job name. */
export interface JobRecord {
  job: JobName;
  task: TaskKind;
  /** Number of runs with a task of the same shape as in the run before, and of all runs but the first. Halved with `finished`. */
  sameTask: number;
  compared: number;
  /** Duration of successful runs, from the start of the job to its end. */
  duration: Estimate | undefined;
  /** Halved at `FADE_AT`, together with `succeeded`. */
  finished: number;
  succeeded: number;
  /** Number of its failures after which the next stage came all the same (`allow_failure`). Halved with `finished`. */
  passedFailures: number;
  /** Followers of successes while no other job of the pipeline ran: the next stage. */
  afterLast: FollowerTally;
  /** Followers of successes while other jobs still ran: jobs that `need` this one. */
  afterOther: FollowerTally;
  /** Whether each of the last tasks started ahead for it was claimed; at most `CLAIMS_REMEMBERED`, oldest first. */
  claims: boolean[];
  /** Milliseconds since 1970 until which no task is started ahead for it. */
  offUntil: number;
}

/** A pipeline's last success. Jobs of the pipeline that arrive now are counted as its followers. */
export interface RecentSuccess {
  tally: FollowerTally;
  /** Milliseconds since 1970. */
  at: number;
  /** Followers that are already counted, since a retried job arrives twice. */
  counted: Set<string>;
}

/**
 * What a manager has learned about its jobs. Bounded: at most `MAX_JOBS` names with `MAX_FOLLOWERS` followers in each of their
 * two tallies, `MAX_KINDS` kinds of tasks, and `MAX_RECENT` pipelines. The least recently used entry is dropped first. Only
 * `learn.ts` and `brake.ts` change it.
 */
export interface Book {
  /** By `keyOf`, least recently used first. */
  jobs: Map<string, JobRecord>;
  /**
   * Time from RunTask until a task was ready, by `kindKeyOf`, least recently used first. All jobs of a kind are counted together:
   * how long a task takes to start depends on its images, size and capacity provider, not on the job.
   */
  starts: Map<string, Estimate>;
  /** By project and pipeline, oldest first. */
  recent: Map<string, RecentSuccess>;
}

export const MAX_JOBS = 1000;
export const MAX_FOLLOWERS = 32;
export const MAX_KINDS = 1000;
export const MAX_RECENT = 500;
/** GitLab's limit for a job's name. */
export const MAX_NAME_LENGTH = 255;
export const MAX_TEXT_LENGTH = 512;
/** Counts are halved at this value, so that roughly the last 16 runs decide. */
export const FADE_AT = 16;
export const CLAIMS_REMEMBERED = 10;

export function createBook(): Book {
  return { jobs: new Map(), starts: new Map(), recent: new Map() };
}

/** Number of entries in a book, to compare with its bounds. */
export function sizeOf(book: Book): Record<'jobs' | 'followers' | 'claims' | 'starts' | 'recent', number> {
  const { jobs, starts, recent } = book;
  const size = { jobs: jobs.size, followers: 0, claims: 0, starts: starts.size, recent: recent.size };
  for (const { afterLast, afterOther, claims } of jobs.values()) {
    size.followers += afterLast.followers.size + afterOther.followers.size;
    size.claims += claims.length;
  }
  return size;
}

export function keyOf({ project, name, isProtected }: JobName): string {
  return JSON.stringify([project, name, isProtected]);
}

export function kindKeyOf({ shape, cpu, memory, capacity }: TaskKind): string {
  return JSON.stringify([shape, cpu, memory, capacity]);
}

/** Whether a name may be learned. Texts that exceed GitLab's limits are not. */
export function isUsableName({ project, name }: JobName): boolean {
  return isText(project, MAX_TEXT_LENGTH) && isText(name, MAX_NAME_LENGTH);
}

export function isUsableTask({ shape, cpu, memory, capacity }: TaskKind): boolean {
  const isSize = [cpu, memory].every((value) => Number.isFinite(value) && value > 0);
  return isText(shape, MAX_TEXT_LENGTH) && isText(capacity, MAX_TEXT_LENGTH) && isSize;
}

/** Finds the record of a job. */
export function recordOf(book: Book, job: JobName): JobRecord | undefined {
  return book.jobs.get(keyOf(job));
}

export function isText(value: string, maxLength: number): boolean {
  return value.length > 0 && value.length <= maxLength;
}
