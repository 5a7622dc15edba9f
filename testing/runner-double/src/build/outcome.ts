import { formatGoDuration } from '../durations.ts';
import {
  BuildError,
  DeadlineExceededError,
  type FailureReason,
  JobCanceledError,
  messageOf,
  RunnerInterruptedError,
} from '../errors.ts';

/** The job's state in `CI_JOB_STATUS` of `after_script` and in the metrics. */
export type RuntimeState =
  | 'pending'
  | 'running'
  | 'success'
  | 'failed'
  | 'canceled'
  | 'timedout'
  | 'terminated';

export function runtimeState(error: Error | undefined): RuntimeState {
  if (error === undefined) return 'success';
  if (error instanceof JobCanceledError || (error instanceof BuildError && error.reason === 'job_canceled')) {
    return 'canceled';
  }
  if (error instanceof DeadlineExceededError) return 'timedout';
  if (error instanceof BuildError && error.reason === 'job_execution_timeout') return 'timedout';
  return 'failed';
}

/** Converts the reason that ended the job's scope to the failure to report. */
export function interruption(reason: Error, timeoutSeconds: number): Error {
  if (reason instanceof JobCanceledError) return new BuildError('job_canceled', 'canceled');
  if (reason instanceof DeadlineExceededError) {
    const limit = formatGoDuration(timeoutSeconds * 1000);
    return new BuildError('job_execution_timeout', `execution took longer than ${limit} seconds`);
  }
  if (reason instanceof RunnerInterruptedError)
    return new BuildError('runner_system_failure', reason.message);
  return reason;
}

/** The last line of a failed job's log. */
export function failureLine(error: Error): string {
  const isSystemFailure = !(error instanceof BuildError) || error.reason === 'runner_system_failure';
  return `Job failed${isSystemFailure ? ' (system failure)' : ''}: ${messageOf(error)}`;
}

const ALWAYS_KNOWN: readonly string[] = ['script_failure', 'runner_system_failure', 'job_execution_timeout'];
const OLDER_NAME: Readonly<Partial<Record<FailureReason, string>>> = {
  runner_configuration_error: 'script_failure',
};

/**
 * A failure reason that this GitLab knows (`features.failure_reasons` of the job): GitLab rejects updates with other reasons.
 */
export function reportedReason(error: Error, known: readonly string[]): { reason: string; exitCode: number } {
  if (!(error instanceof BuildError)) return { reason: 'runner_system_failure', exitCode: 0 };
  const accepted = (reason: string) => ALWAYS_KNOWN.includes(reason) || known.includes(reason);
  const reason = accepted(error.reason) ? error.reason : (OLDER_NAME[error.reason] ?? 'unknown_failure');
  return { reason, exitCode: error.exitCode };
}
