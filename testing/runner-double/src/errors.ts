/** GitLab's `failure_reason` of a job. */
export type FailureReason =
  | 'script_failure'
  | 'runner_system_failure'
  | 'job_execution_timeout'
  | 'runner_configuration_error'
  | 'job_canceled'
  | 'unknown_failure';

/** A failure with a known reason. All other errors count as system failures. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly reason: FailureReason;
  /** The script's exit code; 0 for none. */
  readonly exitCode: number;

  constructor(reason: FailureReason, message: string, exitCode = 0) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** The driver exited with a code other than 0, `BUILD_FAILURE_EXIT_CODE` and `SYSTEM_FAILURE_EXIT_CODE`. */
export class UnknownExitCodeError extends Error {
  override readonly name = 'UnknownExitCodeError';

  constructor(exitCode: number, description: string) {
    super(
      `unknown Custom executor executable exit code ${exitCode}; executable execution terminated with: ${description}`,
    );
  }
}

/** The driver still runs after the timeouts of SIGTERM and SIGKILL and is abandoned. */
export class ProcessNotKilledError extends Error {
  override readonly name = 'ProcessNotKilledError';

  constructor(pid: number) {
    super(`failed to kill process PID=${pid}, likely process is dormant`);
  }
}

/** GitLab canceled the job (`Job-Status: canceled` or `canceling`). */
export class JobCanceledError extends Error {
  override readonly name = 'JobCanceledError';

  constructor() {
    super('canceled');
  }
}

/** The timeout of the job, its script or a hook has expired. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';

  constructor() {
    super('context deadline exceeded');
  }
}

/** The runner itself is shutting down (SIGTERM, SIGINT). */
export class RunnerInterruptedError extends Error {
  override readonly name = 'RunnerInterruptedError';

  constructor(signal: string) {
    super(`aborted: ${signal}`);
  }
}

/** The configuration file is unreadable or invalid. The message names the file and the key. */
export class ConfigurationFileError extends Error {
  override readonly name = 'ConfigurationFileError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
