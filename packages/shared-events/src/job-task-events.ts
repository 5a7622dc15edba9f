import * as z from 'zod';
import { detailBase, gitlabJobFields, taskArnSchema } from './common.ts';

const taskFields = {
  /** ARN of the job's Fargate task. */
  taskArn: taskArnSchema,
  /** ARN of the task of the manager that started it. */
  managerTaskArn: taskArnSchema,
  /** The build container's image as the task definition names it. */
  image: z.string().max(1024),
  /** Fargate CPU units of the task: 1024 is one vCPU. */
  cpu: z.int().positive(),
  /** Memory of the task in MiB. */
  memory: z.int().positive(),
  /** Processor architecture of the task. */
  architecture: z.enum(['X86_64', 'ARM64']),
  /** `FARGATE` or `FARGATE_SPOT`. */
  capacityProvider: z.string(),
};

const jobTaskFields = {
  ...gitlabJobFields,
  /** Missing with GitLab Runner older than 19.0, which does not provide it in a form that jobs cannot change. */
  pipelineId: gitlabJobFields.pipelineId.optional(),
  /** Branch, tag, or a merge request's ref. */
  ref: z.string().max(1024).optional(),
  ...taskFields,
};

const costFields = {
  /** Cost of those seconds in USD: Fargate's price, plus the task's public IPv4 address if it had one. */
  estimatedCostUsd: z.number().nonnegative(),
  /** Region of the prices used: the task's own, or us-east-1 if its own prices are unknown. */
  priceRegion: z.string().max(64).optional(),
};

/** A job's task is running, and its containers accept commands. */
export const jobTaskStartedSchema = z.object({
  ...detailBase,
  ...jobTaskFields,
  /** Seconds from RunTask, or from the claim if the task was started ahead, until its containers accepted commands. */
  secondsToStart: z.number().nonnegative(),
  /** Seconds from RunTask to the claim, if the task was started ahead. */
  secondsAhead: z.number().nonnegative().optional(),
});

/** A job's task was stopped, or ended unexpectedly. */
export const jobTaskFinishedSchema = z.object({
  ...detailBase,
  ...jobTaskFields,
  /** How the task ended. */
  outcome: z.enum(['completed', 'start-failed', 'lost']),
  /** ECS's `stoppedReason` if the task ended unexpectedly. */
  reason: z.string().max(1024).optional(),
  /** Seconds from RunTask to StopTask. */
  seconds: z.number().nonnegative(),
  ...costFields,
});

/** A task that was started ahead was stopped, because no job had claimed it. */
export const aheadTaskStoppedSchema = z.object({
  ...detailBase,
  /** Id of the project in GitLab. */
  projectId: gitlabJobFields.projectId,
  /** Name of the job that it was started for. */
  jobName: gitlabJobFields.jobName,
  ...taskFields,
  /** Seconds from RunTask to StopTask. */
  seconds: z.number().nonnegative(),
  ...costFields,
});

export type JobTaskStarted = z.infer<typeof jobTaskStartedSchema>;
export type AheadTaskStopped = z.infer<typeof aheadTaskStoppedSchema>;
export type JobTaskFinished = z.infer<typeof jobTaskFinishedSchema>;
