/** How a drained `gitlab-runner` gets its SIGQUIT. The protocol model runs it. */
export { type ClosingRunner, nextClosingStep } from './manager/close-runner.ts';
export { drainPollSeconds } from './manager/watch-drain.ts';
