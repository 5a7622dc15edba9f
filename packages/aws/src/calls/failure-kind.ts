/** What a failed AWS call means for the caller. */
export type FailureKind = 'throttled' | 'transient' | 'access-denied' | 'refused' | 'unknown';

const THROTTLED = [
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
];

const ACCESS_DENIED = [
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'NotAuthorized',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
];

/** Names of failures in which the request or its answer was lost, or the service failed. They may lack an HTTP status. */
const TRANSIENT = [
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
];

/**
 * A service may wrap the throttling of another service. ECS returns InvalidParameterException with EC2's "Error retrieving
 * security group information …: Request limit exceeded. (ErrorCode: RequestLimitExceeded)", and ClientException with "Too many
 * concurrent attempts to create a new revision of the specified family".
 */
const WRAPPED_THROTTLING = /\bRequestLimitExceeded\b|\bRate exceeded\b|\btoo many concurrent attempts\b/i;

const KIND_BY_NAME: ReadonlyMap<unknown, FailureKind> = new Map<unknown, FailureKind>([
  ...THROTTLED.map((name) => [name, 'throttled'] as const),
  ...ACCESS_DENIED.map((name) => [name, 'access-denied'] as const),
  ...TRANSIENT.map((name) => [name, 'transient'] as const),
]);

/** Fields that the SDK's errors may have; each may be missing. */
interface AwsError {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  $metadata?: { httpStatusCode?: unknown };
  cause?: unknown;
}

/**
 * Classifies an error of the AWS SDK, or an error whose `cause` is one (as in Powertools).
 * `refused`: AWS understood the request and declined it, so retrying cannot help. `unknown`: the error is not from AWS; it may be
 * a bug in this code.
 */
export function failureKind(error: unknown): FailureKind {
  const kind = ownKind(error);
  if (kind !== undefined) return kind;
  const cause = asAwsError(error).cause;
  return cause === undefined ? 'unknown' : failureKind(cause);
}

/** Whether a retry of the same call may succeed. */
export function isRetryable(error: unknown): boolean {
  const kind = failureKind(error);
  return kind === 'throttled' || kind === 'transient';
}

/** AWS's name of the error, for example `ThrottlingException`. */
export function failureName(error: unknown): string {
  const { name, code, cause } = asAwsError(error);
  if (cause !== undefined && ownKind(error) === undefined) return failureName(cause);
  return String(name === 'Error' ? (code ?? name) : (name ?? code ?? 'unknown'));
}

function ownKind(error: unknown): FailureKind | undefined {
  const { name, code, message, $metadata } = asAwsError(error);
  const word = [name, code].find((candidate) => KIND_BY_NAME.has(candidate));
  const kind = KIND_BY_NAME.get(word) ?? kindOfStatus($metadata?.httpStatusCode) ?? kindOfOtherName(name);
  const isWrapped = kind === 'refused' && typeof message === 'string' && WRAPPED_THROTTLING.test(message);
  return isWrapped ? 'throttled' : kind;
}

function kindOfStatus(status: unknown): FailureKind | undefined {
  if (typeof status !== 'number') return undefined;
  if (status === 429) return 'throttled';
  if (status === 403) return 'access-denied';
  return status >= 500 ? 'transient' : 'refused';
}

/** AWS's names for refused requests end in `Exception`. */
function kindOfOtherName(name: unknown): FailureKind | undefined {
  return typeof name === 'string' && name.endsWith('Exception') ? 'refused' : undefined;
}

function asAwsError(error: unknown): AwsError {
  return typeof error === 'object' && error !== null ? error : {};
}
