/** The launcher's decisions and steps, for tests and models. The Lambda's entry point is `handler.ts`. */

export { acknowledgeMessages, type MessageOutcome } from './acknowledge-messages.ts';
export { createCapacityMemory } from './capacity-memory.ts';
export { checkLaunchAllowed } from './check-launch-allowed.ts';
export { createExpectedJobs } from './expected-jobs.ts';
export type { Group, GroupResult } from './group-outcomes.ts';
export { type GroupDeps, launchForGroup } from './launch-for-group.ts';
export { type LaunchCause, launchToken } from './launch-token.ts';
export type { LaunchFailure, Outcome } from './outcome.ts';
export { type ExpectedJob, type LaunchFacts, type LaunchPlan, planLaunch } from './plan-launch.ts';
export { type BatchDeps, processBatch } from './process-batch.ts';
export { retryDelaySeconds } from './retry-delay.ts';
export { createStartedJobs } from './started-jobs.ts';
export { createTaskCache } from './task-cache.ts';
