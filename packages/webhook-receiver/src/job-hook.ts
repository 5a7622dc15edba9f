import type { JobFinished, JobQueued, NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { gitlabInstance } from './gitlab-instance.ts';
import { isoOfGitlabTime } from './gitlab-time.ts';

/** A parsed job webhook. */
export type JobHook =
  | { kind: 'queued'; event: Omit<NewEventDetail<'JobQueued'>, 'runnerTokenParameter'> }
  | { kind: 'finished'; event: NewEventDetail<'JobFinished'> }
  /** A status that is not used here. GitLab adds new ones from time to time. */
  | { kind: 'other'; status: string };

/** Context that the webhook's body does not contain. */
export interface HookContext {
  fleet: string;
  /** The fleet's GitLab. */
  gitlabUrl: string;
  /** `X-Gitlab-Instance`. */
  instanceHeader: string | undefined;
  /** ISO time at which the webhook arrived. */
  receivedAt: string;
}

/** The body is not a job webhook. The message names the field and never repeats its value. */
export class InvalidJobHookError extends Error {
  override readonly name = 'InvalidJobHookError';
}

const statusSchema = z.object({ object_kind: z.literal('build'), build_status: z.string() });

const positive = z.int().positive();
/** Optional fields: a value of an unexpected type counts as missing. */
const text = z.string().nullish().catch(undefined);
const optionalId = positive.nullish().catch(undefined);

/** The fields of GitLab's Job event that are used here. GitLab sends many more, older versions fewer. Only ids are required. */
const jobSchema = z.object({
  build_id: positive,
  build_name: text,
  build_stage: text,
  ref: text,
  project_id: positive,
  pipeline_id: optionalId,
  commit: z.object({ id: optionalId }).nullish().catch(undefined),
  build_failure_reason: text,
  build_started_at: text,
  build_started_at_iso: text,
  build_finished_at: text,
  build_finished_at_iso: text,
  build_duration: z.number().nullish().catch(undefined),
  project: z.object({ path_with_namespace: text, web_url: text }).nullish().catch(undefined),
  repository: z.object({ homepage: text }).nullish().catch(undefined),
});

type Job = z.infer<typeof jobSchema>;

const FINISHED = new Set<string>(['success', 'failed', 'canceled'] satisfies JobFinished['status'][]);

/**
 * Parses the body of a Job Hook.
 * @see https://docs.gitlab.com/user/project/integrations/webhook_events/#job-events
 * @throws {InvalidJobHookError}
 */
export function readJobHook(body: unknown, context: HookContext): JobHook {
  const { build_status: status } = check(statusSchema, body);
  if (status === 'pending') return { kind: 'queued', event: queued(check(jobSchema, body), context) };
  if (isFinished(status))
    return { kind: 'finished', event: finished(check(jobSchema, body), status, context) };
  return { kind: 'other', status };
}

function isFinished(status: string): status is JobFinished['status'] {
  return FINISHED.has(status);
}

function queued(job: Job, context: HookContext): Omit<NewEventDetail<'JobQueued'>, 'runnerTokenParameter'> {
  return {
    ...jobFields(job, context),
    // The arrival time by the local clock: the sender's clock may be wrong, and only jobs that wait now matter.
    occurredAt: context.receivedAt,
    stage: truncate(job.build_stage, 255),
    ref: truncate(job.ref, 1024),
  } satisfies Omit<JobQueued, 'version'>;
}

function finished(
  job: Job,
  status: JobFinished['status'],
  context: HookContext,
): NewEventDetail<'JobFinished'> {
  const finishedAt = isoOfGitlabTime(job.build_finished_at_iso) ?? isoOfGitlabTime(job.build_finished_at);
  const duration = job.build_duration ?? -1;
  return {
    ...jobFields(job, context),
    occurredAt: finishedAt ?? context.receivedAt,
    status,
    failureReason: status === 'failed' ? truncate(job.build_failure_reason, 255) : undefined,
    startedAt: isoOfGitlabTime(job.build_started_at_iso) ?? isoOfGitlabTime(job.build_started_at),
    finishedAt,
    durationSeconds: duration >= 0 ? duration : undefined,
  };
}

function jobFields(job: Job, context: HookContext) {
  const projectPath = job.project?.path_with_namespace ?? undefined;
  const projectUrl = job.project?.web_url ?? job.repository?.homepage ?? undefined;
  const pipelineId = job.pipeline_id ?? job.commit?.id;
  if (!pipelineId) throw new InvalidJobHookError('pipeline_id: missing, and commit.id too');
  return {
    fleet: context.fleet,
    instance: gitlabInstance({
      header: context.instanceHeader,
      projectUrl,
      projectPath: projectPath ?? pathOf(projectUrl),
      configured: context.gitlabUrl,
    }),
    projectId: job.project_id,
    projectPath: truncate(projectPath, 1024),
    pipelineId,
    jobId: job.build_id,
    jobName: truncate(job.build_name, 255) ?? '',
  };
}

/** Older versions send no path. Without it, an instance below a relative URL cannot be recognized, so the root is used. */
function pathOf(projectUrl: string | undefined): string | undefined {
  return URL.parse(String(projectUrl))?.pathname.slice(1);
}

function truncate(value: string | null | undefined, length: number): string | undefined {
  // Some JSON parsers reject a lone surrogate, whether it was sent or results from truncation.
  return value?.slice(0, length).toWellFormed();
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `${String(path[0] ?? 'body')}: ${message}`);
  throw new InvalidJobHookError(reasons.join('; '));
}
