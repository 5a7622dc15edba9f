/** What a failed AWS call means for the caller. */
export type FailureKind = 'throttled' | 'transient' | 'access-denied' | 'refused';

const THROTTLED = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TooManyUpdates',
]);

const ACCESS_DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'NotAuthorized',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
]);

/** Names of failures without an HTTP status: the request or its answer was lost on the way. */
const TRANSIENT = new Set([
  'AbortError',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'InternalException',
  'InternalFailure',
  'InternalServerError',
  'NetworkingError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TimeoutError',
]);

/** What the SDK's errors may carry; every field may be missing. */
interface AwsError {
  name?: unknown;
  code?: unknown;
  $metadata?: { httpStatusCode?: unknown };
  cause?: unknown;
}

/**
 * Sorts an error of the AWS SDK, or one that has it as its `cause` (as Powertools does).
 * `refused` is everything AWS understood and declined: trying the same again changes nothing.
 */
export function failureKind(error: unknown): FailureKind {
  const kind = ownKind(error);
  if (kind !== undefined) return kind;
  const cause = asAwsError(error).cause;
  return cause === undefined ? 'refused' : failureKind(cause);
}

/** Whether the same call may succeed a moment later. */
export function isRetryable(error: unknown): boolean {
  const kind = failureKind(error);
  return kind === 'throttled' || kind === 'transient';
}

/** The error's name as AWS gives it, `ThrottlingException` for example. */
export function failureName(error: unknown): string {
  const { name, code, cause } = asAwsError(error);
  if (cause !== undefined && ownKind(error) === undefined) return failureName(cause);
  return String(name === 'Error' ? (code ?? name) : (name ?? code ?? 'unknown'));
}

function ownKind(error: unknown): FailureKind | undefined {
  const { name, code, $metadata } = asAwsError(error);
  for (const word of [name, code]) {
    if (typeof word !== 'string') continue;
    if (THROTTLED.has(word)) return 'throttled';
    if (ACCESS_DENIED.has(word)) return 'access-denied';
    if (TRANSIENT.has(word)) return 'transient';
  }
  const status = $metadata?.httpStatusCode;
  if (status === 429) return 'throttled';
  if (status === 403) return 'access-denied';
  if (typeof status === 'number' && status >= 500) return 'transient';
  return undefined;
}

function asAwsError(error: unknown): AwsError {
  return typeof error === 'object' && error !== null ? error : {};
}
