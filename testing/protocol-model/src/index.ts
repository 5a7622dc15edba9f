/** Runs the protocols of launcher, reaper and manager under schedules of faults, for tests and long runs. */
export { boundsOf } from './bounds.ts';
export { checkFamily, type FamilyReport } from './check-family.ts';
export { type FamilyName, families } from './families.ts';
export type { InvariantName, Violation } from './invariants.ts';
export { type Mutation, mutations } from './mutations.ts';
export type { Overrides } from './overrides.ts';
export { type RunResult, runSchedule } from './run-schedule.ts';
export type { Schedule } from './schedule.ts';
