/** An answer of the HTTP API that is not a success. Bodies follow Grape's two shapes: `message` for GitLab's own, `error` for validation. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 415 | 416 | 501;
  readonly headers: Record<string, string>;
  readonly validation: boolean;
  /** True when a well-behaved client never gets this answer, so that it belongs into `protocolErrors`. */
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

/** A `waitFor…` ran out of time. The message says what was awaited and how things stood. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}

/** A `git` command of the double failed; the message holds its arguments and standard error. */
export class GitCommandError extends Error {
  override readonly name = 'GitCommandError';
}

/** Something was asked of the double's API that does not exist there, such as a job's id. */
export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';
}

/** A pipeline definition that GitLab would refuse as invalid CI configuration. */
export class InvalidPipelineError extends Error {
  override readonly name = 'InvalidPipelineError';
}
