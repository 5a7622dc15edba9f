/** What infra needs to know of a job's task: the job variables that people may set. */
export { JOB_VARIABLE } from './job/plan-size.ts';
/** When a drained `gitlab-runner` gets SIGQUIT: the protocol model runs it. */
export { type ClosingRunner, mayQuit } from './manager/close-runner.ts';
