/** A command could not do all that it was asked to. The message says what to do, so it is printed without a stack trace. */
export class OperationError extends Error {
  override readonly name: string = 'OperationError';
}

/** The command line lacks something (exit code 2). */
export class UsageError extends OperationError {
  override readonly name = 'UsageError';
}
