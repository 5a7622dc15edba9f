/** Limits for one call of an AWS client. */
export interface CallBounds {
  /** Attempts of one call, including the first. The SDK waits between them with full jitter and honors `Retry-After`. */
  maxAttempts: number;
  /** Milliseconds that one attempt may take. */
  requestTimeoutMs: number;
}

/** Options for an SDK client whose calls end in bounded time. By default, the SDK waits without a limit. */
export function boundedClientOptions({ maxAttempts, requestTimeoutMs }: CallBounds) {
  return {
    maxAttempts,
    requestHandler: {
      connectionTimeout: 1000,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}
