/** Reliable calls to AWS: bounded clients, classification of failures, publishing with retries, cached answers. */
export { boundedClientOptions, type CallBounds } from './client-options.ts';
export { explainFailure } from './explain-failure.ts';
export { type FailureKind, failureKind, failureName, isRetryable } from './failure-kind.ts';
export { EventsNotPublishedError, type PublishOptions, publishEvents } from './publish-events.ts';
export { shareCalls } from './share-calls.ts';
export { createTimedCache, type TimedCache } from './timed-cache.ts';
export { fullJitter, systemTiming, type Timing } from './timing.ts';
