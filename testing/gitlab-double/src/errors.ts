/** An error response of the HTTP API. Its body has one of Grape's two shapes: `error` for validation, `message` otherwise. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 415 | 416 | 422 | 501;
  readonly headers: Record<string, string>;
  readonly validation: boolean;
  /** True if a well-behaved client never receives this response: it is recorded in `protocolErrors`. */
  readonly violation: boolean;

  constructor(
    status: ApiError['status'],
    message: string,
    options: { headers?: Record<string, string>; validation?: boolean; violation?: boolean } = {},
  ) {
    super(message);
    this.status = status;
    this.headers = options.headers ?? {};
    this.validation = options.validation ?? false;
    this.violation = options.violation ?? [400, 405, 415, 416].includes(status);
  }
}

/** A `waitFor…` timed out. The message names the condition and the state at that time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

/** A `git` command of the double failed; the message holds its arguments and standard error. */
export class GitCommandError extends Error {
  override readonly name = 'GitCommandError';
}

/** A test referred to an unknown record, such as a job id that does not exist. */
export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';
}

/** A pipeline definition that GitLab would reject as invalid CI configuration. */
export class InvalidPipelineError extends Error {
  override readonly name = 'InvalidPipelineError';
}
