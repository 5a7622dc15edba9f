/** What every part needs to call AWS well: bounded clients, what a failure means, events published for sure. */
export { boundedClientOptions, type CallBounds } from './client-options.ts';
export { type FailureKind, failureKind, failureName, isRetryable } from './failure-kind.ts';
export { EventsNotPublishedError, type PublishOptions, publishEvents } from './publish-events.ts';
export { shareCalls } from './share-calls.ts';
export { fullJitter, systemTiming, type Timing } from './timing.ts';
