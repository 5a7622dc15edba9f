/** Predicts which jobs follow a running job, learned from finished ones. Pure and bounded; times are passed in. */
export {
  type Book,
  createBook,
  type JobName,
  keyOf,
  MAX_FOLLOWERS,
  MAX_JOBS,
  MAX_KINDS,
  MAX_RECENT,
  sizeOf,
  type TaskKind,
} from './book.ts';
export { learnClaim, MIN_CLAIM_RATE, OFF_MS } from './brake.ts';
export { type ArrivedJob, type FinishedJob, learnArrival, learnEnd, learnPassedFailure } from './learn.ts';
export {
  MIN_CHANCE,
  type Moment,
  type PipelineView,
  type Prediction,
  type PredictOptions,
  predict,
  type RunningJob,
} from './predict.ts';
