/** Simulates a fleet's pipelines, managers and job tasks with the product's own decisions. Pure: no calls, no clock. */
export { type Distribution, distributionOf, type Figures, figuresOf } from './figures.ts';
export { type Bill, totalUsd } from './fleet/bill.ts';
export { OverloadError } from './fleet/clock.ts';
export type { SimulationLimits } from './fleet/context.ts';
export { managerSettings } from './fleet/managers.ts';
export { type Outcome, type PipelineOutcome, pool } from './fleet/outcome.ts';
export { simulate } from './fleet/simulate.ts';
export {
  DAY,
  HOUR,
  MEASURED_STARTS,
  type MeasuredStarts,
  MINUTE,
  meanStartSeconds,
  OTHER_STARTS,
  SECOND,
  SMALL_STARTS,
  type StartModel,
  TODAYS_STARTS,
} from './model.ts';
export { mean, sum } from './numbers.ts';
export { FLOOR, POLICIES, type Policy, policyByName } from './policies.ts';
export { createRandom, type Random } from './random.ts';
export {
  type Attempt,
  type FleetSettings,
  type JobTrace,
  type PipelineTrace,
  PROTECTED_REFS,
  type Trace,
} from './trace.ts';
