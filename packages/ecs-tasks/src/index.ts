/** Reads our managers and job tasks from ECS, as facts for those who decide. */
export { type CrashBackoff, crashBackoff, crashBackoffMs } from './crash-backoff.ts';
export { jobTaskFacts, managerFacts, taskIdNumber } from './facts-for-tests.ts';
export { isAlive, type Serving, servesSame, takesJobs, tokenRefusedAt } from './judgements.ts';
export {
  describeOurTasks,
  describeTasks,
  listTaskArns,
  type OurTasks,
  readOurTasks,
  type TaskListing,
} from './read-tasks.ts';
export { type JobTaskFacts, type ManagerFacts, type TaskState, toTaskFacts } from './task-facts.ts';
