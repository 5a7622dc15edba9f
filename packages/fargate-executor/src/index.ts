/** What infra needs to know of a job's task: the job variables that people may set. */
export { JOB_VARIABLE } from './job/plan-size.ts';
/** How a drained `gitlab-runner` comes to its SIGQUIT: the protocol model runs it. */
export { type ClosingRunner, nextClosingStep } from './manager/close-runner.ts';
