import type { Instance } from '../instance.ts';
import { type Job, latestJobs, type Pipeline } from '../model/pipeline.ts';
import { isProtectedBranch, USER } from '../model/project.ts';
import { projectUrls } from '../urls.ts';
import {
  environmentAttributes,
  projectAttributes,
  runnerAttributes,
  secondsBetween,
  sourcePipelineAttributes,
} from './attributes.ts';

const user = {
  id: USER.id,
  name: USER.name,
  username: USER.username,
  avatar_url: USER.avatar_url,
  email: USER.email,
};

/** The body of a Pipeline Hook for the current state (`Gitlab::DataBuilder::Pipeline`, fixtures/pipeline-hook.success.json). */
export function pipelineHook(instance: Instance, pipeline: Pipeline) {
  const web = projectUrls(instance, pipeline.project).web;
  const { commit } = pipeline;
  return {
    object_kind: 'pipeline',
    object_attributes: objectAttributes(pipeline, web),
    merge_request: null,
    user,
    project: projectAttributes(instance, pipeline.project),
    commit: {
      id: commit.sha,
      message: commit.message,
      title: commit.message.split('\n')[0] ?? '',
      timestamp: commit.timestamp,
      url: `${web}/-/commit/${commit.sha}`,
      author: { name: commit.authorName, email: commit.authorEmail },
    },
    builds: latestJobs(pipeline).map((job) => buildAttributes(instance, job)),
    ...sourcePipelineAttributes(instance, pipeline),
  };
}

function objectAttributes(pipeline: Pipeline, web: string) {
  return {
    id: pipeline.id,
    iid: pipeline.iid,
    name: null,
    ref: pipeline.ref,
    tag: false,
    sha: pipeline.commit.sha,
    before_sha: pipeline.beforeSha,
    source: pipeline.source,
    status: pipeline.status,
    detailed_status: pipeline.status === 'success' ? 'passed' : pipeline.status,
    stages: pipeline.stages,
    created_at: utc(pipeline.createdAt),
    finished_at: utc(pipeline.finishedAt),
    duration: wholeSeconds(pipeline.startedAt, pipeline.finishedAt),
    queued_duration: wholeSeconds(pipeline.createdAt, pipeline.startedAt),
    protected_ref: isProtectedBranch(pipeline.project, pipeline.ref),
    variables: Object.entries(pipeline.variables).map(([key, definition]) => ({
      key,
      value: typeof definition === 'string' ? definition : definition.value,
    })),
    url: `${web}/-/pipelines/${pipeline.id}`,
  };
}

function buildAttributes(instance: Instance, job: Job) {
  const now = instance.now();
  const when = job.definition.when ?? 'on_success';
  return {
    id: job.id,
    stage: job.stage,
    name: job.name,
    status: job.status,
    created_at: utc(job.createdAt),
    started_at: utc(job.startedAt),
    finished_at: utc(job.finishedAt),
    duration: job.duration(now),
    queued_duration: job.queuedDuration(now),
    failure_reason: job.failureReason,
    when,
    manual: when === 'manual',
    allow_failure: job.allowFailure,
    user,
    runner: runnerAttributes(job.runner),
    artifacts_file: { filename: job.archive?.filename ?? null, size: job.archive?.size ?? null },
    environment: environmentAttributes(job),
  };
}

/** Formats a time as Ruby does in this hook: `2016-08-12 15:23:28 UTC`. */
function utc(date: Date | null): string | null {
  return date ? `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC` : null;
}

function wholeSeconds(from: Date | null, to: Date | null): number | null {
  const seconds = secondsBetween(from, to);
  return seconds === null ? null : Math.round(seconds);
}
