/** Runs the protocols of launcher, reaper and manager under schedules of faults, for tests and long runs. */

export type { AwsCall } from './aws-calls.ts';
export { boundsOf } from './bounds.ts';
export { checkFamily, type FamilyReport } from './check-family.ts';
export { type FamilyName, families } from './families.ts';
export type { InvariantName, Violation } from './invariants.ts';
export { type BurstReport, measureBurst } from './measure/measure-burst.ts';
export { type LaunchReport, measureLaunch } from './measure/measure-launch.ts';
export { type LoadReport, measureLoad } from './measure/measure-load.ts';
export { measureVanished, type VanishedReport } from './measure/measure-vanished.ts';
export { type Mutation, mutations } from './mutations.ts';
export type { Overrides } from './overrides.ts';
export { type RunResult, runSchedule } from './run-schedule.ts';
export type { Schedule } from './schedule.ts';
