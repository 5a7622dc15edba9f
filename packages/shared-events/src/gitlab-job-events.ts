import * as z from 'zod';
import { detailBase, gitlabJobFields, isoTimeSchema } from './common.ts';

/** A GitLab job waits for a runner (`build_status: pending`). */
export const jobQueuedSchema = z.object({
  ...detailBase,
  ...gitlabJobFields,
  /** Name of the job's stage. */
  stage: z.string().max(255).optional(),
  /** Branch or tag. */
  ref: z.string().max(1024).optional(),
  /**
   * Name of the SSM SecureString with the runner token from the webhook's `runner_token`. Never the token itself.
   * Missing: the fleet's own runner token.
   */
  runnerTokenParameter: z.string().startsWith('/').max(1011).optional(),
});

/** A GitLab job ended, by itself or by cancellation. */
export const jobFinishedSchema = z.object({
  ...detailBase,
  ...gitlabJobFields,
  /** The job's result. */
  status: z.enum(['success', 'failed', 'canceled']),
  /** GitLab's `build_failure_reason`, for example `script_failure`; only with status `failed`. */
  failureReason: z.string().max(255).optional(),
  /** When the job started, as GitLab reports it. */
  startedAt: isoTimeSchema.optional(),
  /** When the job ended, as GitLab reports it. */
  finishedAt: isoTimeSchema.optional(),
  /** Duration of the job in seconds, as counted by GitLab. */
  durationSeconds: z.number().nonnegative().optional(),
});

export type JobQueued = z.infer<typeof jobQueuedSchema>;
export type JobFinished = z.infer<typeof jobFinishedSchema>;
