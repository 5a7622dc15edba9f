/** How a drained `gitlab-runner` comes to its SIGQUIT: the protocol model runs it. */
export { type ClosingRunner, nextClosingStep } from './manager/close-runner.ts';
