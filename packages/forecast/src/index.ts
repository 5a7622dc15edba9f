/** What usually follows a running job, learned from finished ones: pure and bounded, times are passed in. */
export {
  type Book,
  createBook,
  type JobName,
  keyOf,
  MAX_FOLLOWERS,
  MAX_JOBS,
  MAX_RECENT,
  sizeOf,
  type TaskKind,
} from './book.ts';
export { LEAST_CLAIMED, learnClaim, OFF_MS } from './brake.ts';
export { type ArrivedJob, type FinishedJob, learnArrival, learnEnd } from './learn.ts';
export {
  LEAST_CHANCE,
  type Moment,
  type PipelineView,
  type Prediction,
  type PredictOptions,
  predict,
  type RunningJob,
} from './predict.ts';
