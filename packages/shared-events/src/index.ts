/** Every event that serverless-gitlab-runner publishes on EventBridge: schemas, types, a parser and a builder. */
export { buildEntry } from './build-entry.ts';
export { EVENT_SOURCE, EVENT_VERSION, fleetNameSchema, isoTimeSchema, taskArnSchema } from './common.ts';
export {
  type BuildEntry,
  type EventEntry,
  entryBuilder,
  InvalidEventError,
  type NewEventDetail,
} from './entry-builder.ts';
export { type EventDetail, type EventName, eventNames, eventSchemas, isEventName } from './event-schemas.ts';
export { type JobFinished, type JobQueued, jobFinishedSchema, jobQueuedSchema } from './gitlab-job-events.ts';
export type { AheadTaskStopped, JobTaskFinished, JobTaskStarted } from './job-task-events.ts';
export type {
  ManagerDraining,
  ManagerLaunched,
  ManagerLaunchFailed,
  ManagerRequestCause,
  ManagerRequested,
  ManagerStopped,
} from './manager-events.ts';
export { envelopeSchema, parseEvent, type RunnerEvent, UnreadableEventError } from './parse-event.ts';
export type { ReadDetail, UnknownValue } from './read-schemas.ts';
