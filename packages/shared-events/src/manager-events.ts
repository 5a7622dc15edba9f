import * as z from 'zod';
import { detailBase, isoTimeSchema, taskArnSchema } from './common.ts';

/** Why a manager is requested without a webhook. */
export const managerRequestCauseSchema = z.enum([
  /** A job was assigned to a manager while that manager was being drained. */
  'demand-during-drain',
  /** A manager stopped unexpectedly while it had jobs or demand. */
  'manager-lost',
  /** No manager has run for some time: poll GitLab, in case a webhook was lost. */
  'safety-launch',
]);

/** Requests a manager from the launcher, like `JobQueued`. */
export const managerRequestedSchema = z.object({
  ...detailBase,
  /** Why a manager is needed. */
  cause: managerRequestCauseSchema,
  /** The manager whose end or drain caused the request. */
  managerTaskArn: taskArnSchema.optional(),
  /** Name of the SSM SecureString with the runner token to use. Missing: the fleet's own runner token. */
  runnerTokenParameter: z.string().startsWith('/').max(1011).optional(),
});

/** RunTask accepted a new manager. */
export const managerLaunchedSchema = z.object({
  ...detailBase,
  /** ARN of the manager's task. */
  managerTaskArn: taskArnSchema,
  /** `FARGATE` or `FARGATE_SPOT`. */
  capacityProvider: z.string(),
  /** `id` of the event on the bus that caused the launch. */
  causeEventId: z.string(),
  /** Name of the SSM SecureString with the runner token to use. Missing: the fleet's own runner token. */
  runnerTokenParameter: z.string().startsWith('/').max(1011).optional(),
});

/** A manager could not be started. If `final` is true, the launcher does not retry. */
export const managerLaunchFailedSchema = z.object({
  ...detailBase,
  /** Why it could not be started. */
  reason: z.enum([
    'no-capacity',
    'throttled',
    'access-denied',
    'invalid-configuration',
    'invalid-fleet',
    'runner-token-refused',
    'unknown',
  ]),
  /** A sentence that says what happened and what to do. */
  message: z.string().max(2048),
  /** Whether the launcher gave up. */
  final: z.boolean(),
  /** `id` of the event on the bus that asked for the manager. */
  causeEventId: z.string().optional(),
});

/** A manager was drained: it takes no more jobs. */
export const managerDrainingSchema = z.object({
  ...detailBase,
  /** ARN of the manager's task. */
  managerTaskArn: taskArnSchema,
  /** Why it was drained. */
  reason: z.enum(['idle', 'lifetime', 'start-overdue', 'fleet-removed']),
  /** Seconds since its last activity. */
  idleSeconds: z.number().nonnegative(),
  /** The latest of its start, the last request for it, and the end of its last job. */
  lastActivityAt: isoTimeSchema,
});

/** A manager's task ended or was stopped. */
export const managerStoppedSchema = z.object({
  ...detailBase,
  /** ARN of the manager's task. */
  managerTaskArn: taskArnSchema,
  /** Why it ended. */
  reason: z.enum(['drained', 'terminated', 'runner-exited', 'runner-token-refused', 'drain-overdue']),
  /** Seconds from the manager's start to its end. */
  seconds: z.number().nonnegative().optional(),
});

export type ManagerRequestCause = z.infer<typeof managerRequestCauseSchema>;
export type ManagerRequested = z.infer<typeof managerRequestedSchema>;
export type ManagerLaunched = z.infer<typeof managerLaunchedSchema>;
export type ManagerLaunchFailed = z.infer<typeof managerLaunchFailedSchema>;
export type ManagerDraining = z.infer<typeof managerDrainingSchema>;
export type ManagerStopped = z.infer<typeof managerStoppedSchema>;
