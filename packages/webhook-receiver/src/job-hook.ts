import type { JobFinished, JobQueued, NewEventDetail } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';
import { gitlabInstance } from './gitlab-instance.ts';
import { isoOfGitlabTime } from './gitlab-time.ts';

/** What a job webhook says, in our words. */
export type JobHook =
  | { kind: 'queued'; event: Omit<NewEventDetail<'JobQueued'>, 'runnerTokenParameter'> }
  | { kind: 'finished'; event: NewEventDetail<'JobFinished'> }
  /** A status that nobody here uses; GitLab adds new ones now and then. */
  | { kind: 'other'; status: string };

/** What the hook itself does not say. */
export interface HookContext {
  fleet: string;
  /** The fleet's GitLab. */
  gitlabUrl: string;
  /** `X-Gitlab-Instance`. */
  instanceHeader: string | undefined;
  /** ISO time at which the hook came. */
  receivedAt: string;
}

/** The body is no job hook. The message names the field and never repeats what it holds. */
export class InvalidJobHookError extends Error {
  override readonly name = 'InvalidJobHookError';
}

const statusSchema = z.object({ object_kind: z.literal('build'), build_status: z.string() });

const positive = z.int().positive();
/** What we can do without: another type than expected is as good as nothing. */
const text = z.string().nullish().catch(undefined);
const optionalId = positive.nullish().catch(undefined);

/** The fields we use of GitLab's Job event; it has many more, and older versions have fewer. Only ids are needed. */
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
 * Reads the body of a Job Hook.
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
    // When it came, by our own clock: the sender's may be wrong, and only a job that waits now is of interest.
    occurredAt: context.receivedAt,
    stage: cut(job.build_stage, 255),
    ref: cut(job.ref, 1024),
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
    failureReason: status === 'failed' ? cut(job.build_failure_reason, 255) : undefined,
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
    projectPath: cut(projectPath, 1024),
    pipelineId,
    jobId: job.build_id,
    jobName: cut(job.build_name, 255) ?? '',
  };
}

/** Older versions send no path: without one an instance under a path of its own cannot be told, so its root is taken. */
function pathOf(projectUrl: string | undefined): string | undefined {
  return URL.parse(String(projectUrl))?.pathname.slice(1);
}

function cut(value: string | null | undefined, length: number): string | undefined {
  // A lone half of a surrogate pair, cut or sent, is nothing that every reader of JSON takes.
  return value?.slice(0, length).toWellFormed();
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `${String(path[0] ?? 'body')}: ${message}`);
  throw new InvalidJobHookError(reasons.join('; '));
}
