/** Why a job failed, in GitLab's words (`failure_reason`). */
export type FailureReason =
  | 'script_failure'
  | 'runner_system_failure'
  | 'job_execution_timeout'
  | 'runner_configuration_error'
  | 'job_canceled'
  | 'unknown_failure';

/** A failure whose cause is known. Everything else that is thrown counts as a system failure. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  readonly reason: FailureReason;
  /** The script's exit code; 0 when there is none. */
  readonly exitCode: number;

  constructor(reason: FailureReason, message: string, exitCode = 0) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** The driver ended with a code that is neither `BUILD_FAILURE_EXIT_CODE` nor `SYSTEM_FAILURE_EXIT_CODE`. */
export class UnknownExitCodeError extends Error {
  override readonly name = 'UnknownExitCodeError';

  constructor(exitCode: number, how: string) {
    super(
      `unknown Custom executor executable exit code ${exitCode}; executable execution terminated with: ${how}`,
    );
  }
}

/** The driver outlived SIGTERM and SIGKILL with their timeouts; it is left behind. */
export class ProcessNotKilledError extends Error {
  override readonly name = 'ProcessNotKilledError';

  constructor(pid: number) {
    super(`failed to kill process PID=${pid}, likely process is dormant`);
  }
}

/** GitLab asked for the job's end (`Job-Status: canceled` or `canceling`). */
export class JobCanceledError extends Error {
  override readonly name = 'JobCanceledError';

  constructor() {
    super('canceled');
  }
}

/** A time limit of the whole job, of its script or of one hook has passed. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';

  constructor() {
    super('context deadline exceeded');
  }
}

/** The runner itself is going away (SIGTERM, SIGINT). */
export class RunnerInterruptedError extends Error {
  override readonly name = 'RunnerInterruptedError';

  constructor(signal: string) {
    super(`aborted: ${signal}`);
  }
}

/** The configuration file cannot be used. The message names the file and the key. */
export class ConfigurationFileError extends Error {
  override readonly name = 'ConfigurationFileError';
}

/** What to print of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
