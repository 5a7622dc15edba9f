/** How long one call of an AWS client may take. */
export interface CallBounds {
  /** Tries of one call, the first included. The SDK waits between them with full jitter and keeps to `Retry-After`. */
  maxAttempts: number;
  /** Milliseconds that one try may take. */
  requestTimeoutMs: number;
}

/** Options for an SDK client whose calls end in bounded time; the SDK's own default waits for ever. */
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
