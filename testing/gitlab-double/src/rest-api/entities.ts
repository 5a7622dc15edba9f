import type { Instance } from '../instance.ts';
import type { Job } from '../model/pipeline.ts';
import { type Project, USER } from '../model/project.ts';
import type { Runner, RunnerManager } from '../model/runner.ts';
import { jobUrl } from '../urls.ts';
import { isDisabled } from '../webhooks/health.ts';
import type { Webhook, WebhookDelivery } from '../webhooks/webhook.ts';
import { groupIdOf } from './access.ts';

/** A job as `GET /projects/:id/jobs/:job_id` shows it (doc/api/jobs.md). */
export function jobEntity(instance: Instance, job: Job) {
  const { pipeline } = job;
  const now = instance.now();
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    name: job.name,
    ref: pipeline.ref,
    tag: false,
    coverage: null,
    allow_failure: job.allowFailure,
    created_at: job.createdAt,
    started_at: job.startedAt,
    finished_at: job.finishedAt,
    erased_at: null,
    duration: job.duration(now),
    queued_duration: job.queuedDuration(now),
    user: USER,
    commit: {
      id: pipeline.commit.sha,
      short_id: pipeline.commit.sha.slice(0, 8),
      message: pipeline.commit.message,
      author_name: pipeline.commit.authorName,
      author_email: pipeline.commit.authorEmail,
    },
    pipeline: {
      id: pipeline.id,
      iid: pipeline.iid,
      project_id: pipeline.project.id,
      sha: pipeline.commit.sha,
      ref: pipeline.ref,
      status: pipeline.status,
      source: pipeline.source,
    },
    failure_reason: job.failureReason,
    web_url: jobUrl(instance, job),
    project: { ci_job_token_scope_enabled: false },
    artifacts: job.artifacts.map((artifact) => ({
      file_type: artifact.type,
      size: artifact.size,
      filename: artifact.filename,
      file_format: artifact.format,
    })),
    runner: job.runner && {
      id: job.runner.id,
      description: job.runner.description,
      paused: job.runner.paused,
    },
    runner_manager: job.manager && managerEntity(job.manager),
    artifacts_expire_at: null,
    archived: false,
    tag_list: job.definition.tags ?? [],
  };
}

/** A manager as `GET /runners/:id/managers` shows it. */
export function managerEntity(manager: RunnerManager) {
  return {
    id: manager.id,
    system_id: manager.systemId,
    version: manager.info?.version ?? null,
    revision: manager.info?.revision ?? null,
    platform: manager.info?.platform ?? null,
    architecture: manager.info?.architecture ?? null,
    created_at: manager.createdAt,
    contacted_at: manager.contactedAt,
    ip_address: null,
    status: 'online',
  };
}

/** A runner as `GET /projects/:id/runners` lists it (doc/api/runners.md). Without managers, GitLab has never heard of it. */
export function runnerEntity({ id, description, paused, managers, scope }: Runner) {
  const isOnline = managers.size > 0;
  return {
    id,
    description,
    ip_address: null,
    active: !paused,
    paused,
    is_shared: scope.type === 'instance_type',
    runner_type: scope.type,
    name: 'gitlab-runner',
    online: isOnline ? true : null,
    status: isOnline ? 'online' : 'never_contacted',
  };
}

/** A runner as `GET /runners/:id` shows it. */
export function runnerDetails(instance: Instance, runner: Runner) {
  const { scope } = runner;
  const projectIds = scope.type === 'project_type' ? [...scope.projectIds] : [];
  const contacts = [...runner.managers.values()].map(({ contactedAt }) => contactedAt.getTime());
  return {
    ...runnerEntity(runner),
    tag_list: [...runner.tags],
    run_untagged: runner.runUntagged,
    locked: false,
    maximum_timeout: null,
    access_level: runner.accessLevel,
    version: null,
    revision: null,
    platform: null,
    architecture: null,
    contacted_at: contacts.length === 0 ? null : new Date(Math.max(...contacts)),
    maintenance_note: null,
    projects: projectIds.map((id) => ({ id, path_with_namespace: instance.projects.get(id)?.path })),
    groups: scope.type === 'group_type' ? [{ id: groupIdOf(instance, scope.group), name: scope.group }] : [],
  };
}

/** A project as `GET /projects/:id` shows it to a Maintainer (doc/api/projects.md). */
export function projectEntity(instance: Instance, { id, path, name, defaultBranch, visibility }: Project) {
  return {
    id,
    name,
    path_with_namespace: path,
    default_branch: defaultBranch,
    visibility,
    archived: false,
    web_url: `${instance.settings.externalUrl}/${path}`,
    permissions: { project_access: { access_level: 40, notification_level: 3 }, group_access: null },
  };
}

/** A hook as `GET /projects/:id/hooks` lists it (doc/api/project_webhooks.md). Its secret is never shown. */
export function hookEntity(instance: Instance, { id, url, projectId, events, health }: Webhook) {
  const { disabledUntil } = health;
  const isOff = isDisabled(health, instance.now().getTime());
  const isForGood = disabledUntil === Number.POSITIVE_INFINITY;
  return {
    id,
    url,
    name: '',
    description: '',
    project_id: projectId,
    created_at: null,
    push_events: false,
    push_events_branch_filter: '',
    tag_push_events: false,
    merge_requests_events: false,
    issues_events: false,
    note_events: false,
    job_events: events.job,
    pipeline_events: events.pipeline,
    enable_ssl_verification: true,
    alert_status: isOff ? (isForGood ? 'disabled' : 'temporarily_disabled') : 'executable',
    disabled_until: isOff && !isForGood ? new Date(disabledUntil) : null,
  };
}

/** An event of a webhook as `GET /projects/:id/hooks/:hook_id/events` shows it; GitLab keeps them for seven days. */
export function hookEventEntity({ url, event, at, requestBody, responseBody, status, ms }: WebhookDelivery) {
  return {
    id: at.getTime(),
    url,
    trigger: event === 'Job Hook' ? 'job_hooks' : 'pipeline_hooks',
    request_headers: {},
    request_data: JSON.parse(requestBody),
    response_headers: {},
    response_body: responseBody ?? '',
    execution_duration: ms / 1000,
    response_status: status === null ? 'internal error' : `${status}`,
    created_at: at,
  };
}
