/** Names a job across pipelines: what is learned of one run holds for the next with the same name. */
export interface JobName {
  /** The project's id or path, at most 512 characters. */
  project: string;
  /** At most 255 characters, as at GitLab. */
  name: string;
  /** Whether its ref is protected: a job of a protected ref never gets a task that was started for another. */
  isProtected: boolean;
}

/** Which task a job gets. Two jobs with equal kinds can run in each other's task. */
export interface TaskKind {
  /** Digest of images, services and whatever else the task definition says; at most 512 characters. */
  shape: string;
  /** CPU units; 1024 is one vCPU. */
  cpu: number;
  /** MiB. */
  memory: number;
  /** Capacity provider. */
  capacity: string;
}

/** A value that varies, in seconds. */
export interface Estimate {
  mean: number;
  /** Mean absolute deviation. */
  deviation: number;
  /** Samples, counted up to 8: older ones fade. */
  samples: number;
}

/** What was queued soon after a job's successes. */
export interface FollowerTally {
  /** Successes counted; halved at `FADE_AT` together with the followers' counts, so that old pipelines are forgotten. */
  times: number;
  /** By the follower's name, after how many of them it came. */
  followers: Map<string, number>;
}

/** What is known of one job name. */
export interface JobRecord {
  job: JobName;
  task: TaskKind;
  /** Of successful runs, from the start of the job to its end. */
  duration: Estimate | undefined;
  /** From RunTask until its task was ready. */
  start: Estimate | undefined;
  /** Halved at `FADE_AT` together. */
  finished: number;
  succeeded: number;
  /** After successes while no other job of its pipeline ran: the next stage. */
  afterLast: FollowerTally;
  /** After successes while others still ran: jobs that `need` this one. */
  afterOther: FollowerTally;
  /** Whether the last tasks that were started ahead for it were claimed; at most `CLAIMS_REMEMBERED`, the oldest first. */
  claims: boolean[];
  /** Milliseconds since 1970 until which nothing is started ahead for it. */
  offUntil: number;
}

/** The success after which the jobs of a pipeline that arrive now are counted as followers. */
export interface RecentSuccess {
  tally: FollowerTally;
  /** Milliseconds since 1970. */
  at: number;
  /** Followers that were counted already: a retried one arrives twice. */
  counted: Set<string>;
}

/**
 * What a manager has learned of its jobs. Bounded: at most `MAX_JOBS` names with `MAX_FOLLOWERS` followers in each of their two
 * tallies, and `MAX_RECENT` pipelines; whatever was not used for longest is forgotten first. Only `learn.ts` and `brake.ts`
 * change it.
 */
export interface Book {
  /** By `keyOf`, the one used longest ago first. */
  jobs: Map<string, JobRecord>;
  /** By project and pipeline, the oldest first. */
  recent: Map<string, RecentSuccess>;
}

export const MAX_JOBS = 1000;
export const MAX_FOLLOWERS = 32;
export const MAX_RECENT = 500;
/** GitLab's own limit of a job's name. */
export const MAX_NAME_LENGTH = 255;
export const MAX_TEXT_LENGTH = 512;
/** Counts are halved here, so that roughly the last 16 runs decide. */
export const FADE_AT = 16;
export const CLAIMS_REMEMBERED = 10;

export function createBook(): Book {
  return { jobs: new Map(), recent: new Map() };
}

/** Number of entries that a book holds, to compare with its bounds. */
export function sizeOf(book: Book): { jobs: number; followers: number; claims: number; recent: number } {
  const size = { jobs: book.jobs.size, followers: 0, claims: 0, recent: book.recent.size };
  for (const { afterLast, afterOther, claims } of book.jobs.values()) {
    size.followers += afterLast.followers.size + afterOther.followers.size;
    size.claims += claims.length;
  }
  return size;
}

export function keyOf({ project, name, isProtected }: JobName): string {
  return JSON.stringify([project, name, isProtected]);
}

/** Whether a name may be learned: texts that no GitLab has are not. */
export function isUsableName({ project, name }: JobName): boolean {
  return isText(project, MAX_TEXT_LENGTH) && isText(name, MAX_NAME_LENGTH);
}

export function isUsableTask({ shape, cpu, memory, capacity }: TaskKind): boolean {
  const isSize = [cpu, memory].every((value) => Number.isFinite(value) && value > 0);
  return isText(shape, MAX_TEXT_LENGTH) && isText(capacity, MAX_TEXT_LENGTH) && isSize;
}

/** Finds what is known of a job. */
export function recordOf(book: Book, job: JobName): JobRecord | undefined {
  return book.jobs.get(keyOf(job));
}

export function isText(value: string, most: number): boolean {
  return value.length > 0 && value.length <= most;
}
