import type { Instance } from '../instance.ts';
import type {
  ArtifactsDefinition,
  CacheDefinition,
  ImageDefinition,
  JobDefinition,
  ServiceDefinition,
} from '../model/definitions.ts';
import type { Job } from '../model/pipeline.ts';
import { isProtectedBranch } from '../model/project.ts';
import { cloneUrl } from '../urls.ts';
import { dependencyJobs } from './dependency-jobs.ts';
import { FAILURE_REASONS } from './failure-reasons.ts';
import { jobVariables, payloadVariables, uuidFromName } from './variables.ts';

/** The response of `POST /jobs/request`. Shape: lib/api/entities/ci/job_request/ in GitLab, common/spec in the runner. */
export function jobPayload(instance: Instance, job: Job) {
  const { definition, pipeline } = job;
  return {
    id: job.id,
    token: job.token,
    allow_git_fetch: true,
    job_info: jobInfo(instance, job),
    git_info: gitInfo(instance, job),
    runner_info: {
      uuid: uuidFromName(`runner-${job.runner?.id ?? 0}`),
      timeout: definition.timeout ?? pipeline.project.buildTimeout,
      runner_session_url: null,
    },
    inputs: [],
    variables: jobVariables(instance, job),
    steps: steps(definition, definition.timeout ?? pipeline.project.buildTimeout),
    hooks: hooks(definition),
    image: definition.image === undefined ? null : image(definition.image),
    services: (definition.services ?? []).map(service),
    artifacts: definition.artifacts ? artifacts(definition.artifacts) : [],
    cache: (definition.cache ?? []).map((entry) =>
      cache(entry, isProtectedBranch(pipeline.project, pipeline.ref)),
    ),
    credentials: registryCredentials(instance, job),
    dependencies: dependencies(job),
    features: {
      trace_sections: true,
      token_mask_prefixes: ['glpat-', 'gldt-', 'glrt-', 'glcbt-'],
      failure_reasons: FAILURE_REASONS,
    },
  };
}

function jobInfo(instance: Instance, job: Job) {
  const { pipeline } = job;
  return {
    id: job.id,
    name: job.name,
    stage: job.stage,
    pipeline_id: pipeline.id,
    project_id: pipeline.project.id,
    project_name: pipeline.project.name,
    project_full_path: pipeline.project.path,
    namespace_id: pipeline.project.id,
    root_namespace_id: pipeline.project.id,
    organization_id: 1,
    instance_id: uuidFromName(instance.settings.externalUrl),
    instance_uuid: uuidFromName(instance.settings.externalUrl),
    user_id: 1,
    scoped_user_id: null,
    time_in_queue_seconds: Math.round(job.queuedDuration(instance.now()) ?? 0),
    project_jobs_running_on_instance_runners_count: '0',
    queue_size: 0,
    queue_depth: 0,
  };
}

function gitInfo(instance: Instance, job: Job) {
  const { pipeline } = job;
  const persistent = `refs/pipelines/${pipeline.id}`;
  const depth = gitDepth(instance, job);
  const branch = depth > 0 ? pipeline.ref : '*';
  return {
    repo_url: cloneUrl(instance, job),
    repo_object_format: 'sha1',
    ref: pipeline.ref,
    sha: pipeline.commit.sha,
    before_sha: pipeline.beforeSha,
    ref_type: 'branch',
    // A full clone also brings the tags (Ci::BuildRunnerPresenter#refspecs).
    refspecs: [
      `+${persistent}:${persistent}`,
      `+refs/heads/${branch}:refs/remotes/origin/${branch}`,
      ...(depth > 0 ? [] : ['+refs/tags/*:refs/tags/*']),
    ],
    depth,
    protected: isProtectedBranch(pipeline.project, pipeline.ref),
  };
}

/** The job's GIT_DEPTH, else the project's (Ci::BuildRunnerPresenter#git_depth). */
function gitDepth(instance: Instance, job: Job): number {
  const variable = jobVariables(instance, job).findLast(({ key }) => key === 'GIT_DEPTH')?.value ?? '';
  return /^\d+$/.test(variable) ? Number(variable) : job.pipeline.project.gitDepth;
}

function steps(definition: JobDefinition, timeout: number) {
  const script = [...(definition.beforeScript ?? []), ...definition.script];
  const main = { name: 'script', script, timeout, when: 'on_success', allow_failure: false };
  if (!definition.afterScript?.length) return [main];
  const after = { name: 'after_script', script: definition.afterScript, timeout };
  return [main, { ...after, when: 'always', allow_failure: true }];
}

function hooks({ hooks: defined }: JobDefinition) {
  if (!defined?.preGetSourcesScript) return [];
  return [{ name: 'pre_get_sources_script', script: defined.preGetSourcesScript }];
}

function image(definition: string | ImageDefinition) {
  const { name, entrypoint, pullPolicy, executorOptions }: ImageDefinition =
    typeof definition === 'string' ? { name: definition } : definition;
  return {
    name,
    entrypoint: entrypoint ?? null,
    ports: [],
    executor_opts: executorOptions ?? {},
    pull_policy: pullPolicy ?? null,
  };
}

function service(definition: string | ServiceDefinition) {
  const options: ServiceDefinition = typeof definition === 'string' ? { name: definition } : definition;
  return {
    ...image(options),
    alias: options.alias ?? null,
    command: options.command ?? null,
    variables: payloadVariables(options.variables ?? {}),
  };
}

function artifacts(definition: ArtifactsDefinition) {
  const common = { expire_in: definition.expireIn ?? null };
  const archive = {
    ...common,
    name: definition.name ?? null,
    untracked: definition.untracked ?? false,
    paths: definition.paths ?? [],
    exclude: definition.exclude ?? [],
    when: definition.when ?? 'on_success',
    artifact_type: 'archive',
    artifact_format: 'zip',
  };
  const reports = Object.entries(definition.reports ?? {}).map(([type, paths]) => ({
    ...common,
    name: `${type}.xml`,
    paths,
    when: 'always',
    artifact_type: type,
    artifact_format: 'gzip',
  }));
  return archive.paths.length || archive.untracked ? [archive, ...reports] : reports;
}

/** GitLab separates caches of protected and other branches by a suffix of their keys (`ci_separated_caches`). */
function cache({ key, unprotect, ...definition }: CacheDefinition, isProtected: boolean) {
  if (typeof key === 'object')
    throw new TypeError('the cache key was not resolved when the pipeline was created');
  const suffix = isProtected && !unprotect ? 'protected' : 'non_protected';
  return {
    key: `${key ?? 'default'}-${suffix}`,
    untracked: definition.untracked ?? false,
    unprotect: unprotect ?? false,
    policy: definition.policy ?? 'pull-push',
    paths: definition.paths,
    when: definition.when ?? 'on_success',
    fallback_keys: (definition.fallbackKeys ?? []).map((fallback) => `${fallback}-${suffix}`),
  };
}

function registryCredentials(instance: Instance, job: Job) {
  const { registry } = instance.settings;
  if (!registry) return [];
  return [{ type: 'registry', url: registry.host, username: 'gitlab-ci-token', password: job.token }];
}

/** A dependency has the running job's token: the finished job's token is no longer valid for the download. */
function dependencies(job: Job) {
  return dependencyJobs(job).map((dependency) => {
    const { archive } = dependency;
    const file = archive ? { artifacts_file: { filename: archive.filename, size: archive.size } } : {};
    return { id: dependency.id, token: job.token, name: dependency.name, ...file };
  });
}
