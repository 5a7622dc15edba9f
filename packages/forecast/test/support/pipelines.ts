import {
  type ArrivedJob,
  type Book,
  type FinishedJob,
  learnArrival,
  learnEnd,
  type PredictOptions,
  predict,
  type RunningJob,
} from '../../src/index.ts';

export const task = { shape: 'node:24', cpu: 1024, memory: 2048, capacity: 'FARGATE' };
export const SECOND = 1000;

/** A job. Default: of project `p` and pipeline `1`, on an unprotected ref. */
export const job = (name: string, over: Partial<ArrivedJob> = {}): ArrivedJob => ({
  project: 'p',
  name,
  isProtected: false,
  pipeline: '1',
  ...over,
});

/** A finished job. Default: a success of 100 s that ended last, at 100 s. */
export const finished = (name: string, over: Partial<FinishedJob> = {}): FinishedJob => ({
  ...job(name),
  task,
  startedAt: 0,
  finishedAt: 100 * SECOND,
  startSeconds: 40,
  succeeded: true,
  wasLast: true,
  ...over,
});

/** A pipeline of stages with one job each, all successful, each job 100 s long and queued 5 s after its predecessor. */
export function learnPipeline(book: Book, names: readonly string[], over: Partial<FinishedJob> = {}): void {
  let now = 0;
  for (const name of names) {
    learnArrival(book, { ...job(name), ...over }, now);
    learnEnd(book, finished(name, { startedAt: now, finishedAt: now + 100 * SECOND, ...over }));
    now += 105 * SECOND;
  }
}

/** A running job. Default: started at 0. */
export const running = (name: string, over: Partial<RunningJob> = {}): RunningJob => ({
  name,
  startedAt: 0,
  succeededAt: undefined,
  ...over,
});

/** The followers of the running jobs as `[name, startAt in seconds]`. Default: of project `p`, at 10 s, `before-end`. */
export function followers(
  book: Book,
  jobs: readonly RunningJob[],
  over: Partial<PredictOptions & { project: string; isProtected: boolean; failed: readonly string[] }> = {},
): [string, number][] {
  const { project = 'p', isProtected = false, failed = [], ...options } = over;
  const view = { project, isProtected, running: jobs, failed };
  return predict(book, view, { moment: 'before-end', leadSeconds: 60, now: 10 * SECOND, ...options }).map(
    (prediction) => [prediction.job.name, prediction.startAt / SECOND],
  );
}
