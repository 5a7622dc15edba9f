/** The launcher's decisions and steps, for tests and models; the Lambda itself is `handler.ts`. */
export { createCapacityMemory } from './capacity-memory.ts';
export { checkLaunchAllowed } from './check-launch-allowed.ts';
export { createCountedJobs } from './counted-jobs.ts';
export { createHeldTasks } from './held-tasks.ts';
export { type Group, type GroupParts, type GroupResult, launchForGroup } from './launch-for-group.ts';
export { type LaunchCause, launchToken } from './launch-token.ts';
export type { LaunchFailure, Outcome } from './outcome.ts';
export { type CountedJob, type LaunchFacts, type LaunchPlan, planLaunch } from './plan-launch.ts';
export { type BatchParts, processBatch } from './process-batch.ts';
export { retryDelaySeconds } from './retry-delay.ts';
export { createSeenJobs } from './seen-jobs.ts';
export { type Settled, settleMessages } from './settle-messages.ts';
