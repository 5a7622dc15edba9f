import type * as z from 'zod';
import { jobFinishedSchema, jobQueuedSchema } from './gitlab-job-events.ts';
import { aheadTaskStoppedSchema, jobTaskFinishedSchema, jobTaskStartedSchema } from './job-task-events.ts';
import {
  managerDrainingSchema,
  managerLaunchedSchema,
  managerLaunchFailedSchema,
  managerRequestedSchema,
  managerStoppedSchema,
} from './manager-events.ts';

/** Every event of the bus: its `detail-type` and the schema of its `detail`. */
export const eventSchemas = {
  JobQueued: jobQueuedSchema,
  JobFinished: jobFinishedSchema,
  ManagerRequested: managerRequestedSchema,
  ManagerLaunched: managerLaunchedSchema,
  ManagerLaunchFailed: managerLaunchFailedSchema,
  ManagerDraining: managerDrainingSchema,
  ManagerStopped: managerStoppedSchema,
  JobTaskStarted: jobTaskStartedSchema,
  JobTaskFinished: jobTaskFinishedSchema,
  AheadTaskStopped: aheadTaskStoppedSchema,
} as const;

/** An event's `detail-type`. */
export type EventName = keyof typeof eventSchemas;

/** The `detail` of the event of that name. */
export type EventDetail<Name extends EventName> = z.infer<(typeof eventSchemas)[Name]>;

export const eventNames = Object.keys(eventSchemas) as readonly EventName[];

/** Whether a `detail-type` belongs to this project. */
export function isEventName(value: string): value is EventName {
  return Object.hasOwn(eventSchemas, value);
}
