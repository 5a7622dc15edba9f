import type { Instance } from '../instance.ts';
import type { Job, JobStatus } from '../model/pipeline.ts';
import {
  environmentAttributes,
  projectAttributes,
  repositoryAttributes,
  runnerAttributes,
  secondsBetween,
  sourcePipelineAttributes,
  userAttributes,
} from './attributes.ts';

/** The statuses for which GitLab sends a Job Hook. */
export const JOB_HOOK_STATUSES: readonly JobStatus[] = [
  'created',
  'pending',
  'running',
  'success',
  'failed',
  'canceled',
];

/** The body of a Job Hook for a job's current state (`Gitlab::DataBuilder::Build`, fixtures/job-hook.created.json). */
export function jobHook(instance: Instance, job: Job) {
  const { pipeline } = job;
  const now = instance.now();
  return {
    object_kind: 'build',
    ref: pipeline.ref,
    tag: false,
    before_sha: pipeline.beforeSha,
    sha: pipeline.commit.sha,
    build_id: job.id,
    build_name: job.name,
    build_stage: job.stage,
    build_status: job.status,
    build_created_at: job.createdAt.toISOString(),
    build_started_at: iso(job.startedAt),
    build_finished_at: iso(job.finishedAt),
    build_created_at_iso: job.createdAt.toISOString(),
    build_started_at_iso: iso(job.startedAt),
    build_finished_at_iso: iso(job.finishedAt),
    build_duration: job.duration(now),
    build_queued_duration: job.queuedDuration(now),
    build_allow_failure: job.allowFailure,
    // GitLab's column is null for a job that did not fail; its enum maps null to unknown_failure.
    build_failure_reason: job.failureReason ?? 'unknown_failure',
    retries_count: job.retriesCount,
    pipeline_id: pipeline.id,
    project_id: pipeline.project.id,
    project_name: `${pipeline.project.namespace} / ${pipeline.project.name}`,
    user: userAttributes,
    commit: commitAttributes(job),
    repository: repositoryAttributes(instance, pipeline.project),
    project: projectAttributes(instance, pipeline.project),
    runner: runnerAttributes(job.runner),
    environment: environmentAttributes(job),
    ...sourcePipelineAttributes(instance, pipeline),
  };
}

/** `commit` of a Job Hook: its id and status are the pipeline's. */
function commitAttributes({ pipeline }: Job) {
  return {
    id: pipeline.id,
    name: null,
    sha: pipeline.commit.sha,
    message: pipeline.commit.message,
    author_name: pipeline.commit.authorName,
    author_email: pipeline.commit.authorEmail,
    author_url: `mailto:${pipeline.commit.authorEmail}`,
    status: pipeline.status,
    duration: secondsBetween(pipeline.startedAt, pipeline.finishedAt),
    started_at: iso(pipeline.startedAt),
    finished_at: iso(pipeline.finishedAt),
    started_at_iso: iso(pipeline.startedAt),
    finished_at_iso: iso(pipeline.finishedAt),
  };
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
