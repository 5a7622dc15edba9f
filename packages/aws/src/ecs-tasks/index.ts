/** Managers and job tasks in ECS: facts to decide on, and functions that stop and tag tasks. */
export { type CapacityRefusal, capacityRefusal, quotaAdvice } from './capacity-refusal.ts';
export { type CrashBackoff, crashBackoff, crashBackoffMs } from './crash-backoff.ts';
export { definitionArn, jobTaskFacts, managerFacts, taskIdNumber } from './facts-for-tests.ts';
export { isAlive, isSameQueue, type RunnerQueue, takesJobs, tokenRefusedAt } from './manager-state.ts';
export {
  describeManagedTasks,
  describeTasks,
  type EndedTasks,
  listTaskArns,
  type ManagedTasks,
  readEndedTasks,
  readManagedTasks,
  type TaskListing,
} from './read-tasks.ts';
export {
  createPace,
  ECS_RATES,
  ECS_SHARES,
  keepToShare,
  type Pace,
  type Rate,
  type RateName,
  type Shares,
} from './request-rates.ts';
export { jobStopReason, STOP_REASONS, stopTask } from './stop-task.ts';
export { tagTask } from './tag-task.ts';
export { type JobTaskFacts, type ManagerFacts, type TaskState, toTaskFacts } from './task-facts.ts';
