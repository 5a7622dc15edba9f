import type { Instance } from '../instance.ts';
import type { Job, Pipeline } from '../model/pipeline.ts';
import { type Project, USER } from '../model/project.ts';
import type { Runner } from '../model/runner.ts';
import { projectUrls } from '../urls.ts';

/** GitLab's numbers for `visibility_level`. */
const VISIBILITY_LEVELS = { private: 0, public: 20 };

/** `user` of a hook. */
export const userAttributes = {
  id: USER.id,
  name: USER.name,
  email: USER.email,
  avatar_url: USER.avatar_url,
};

/** `project` of a hook. */
export function projectAttributes(instance: Instance, project: Project) {
  const urls = projectUrls(instance, project);
  return {
    id: project.id,
    name: project.name,
    description: project.description,
    web_url: urls.web,
    avatar_url: null,
    git_ssh_url: urls.ssh,
    git_http_url: urls.http,
    namespace: project.namespace,
    visibility_level: VISIBILITY_LEVELS[project.visibility],
    path_with_namespace: project.path,
    default_branch: project.defaultBranch,
  };
}

/** `repository` of a Job Hook. */
export function repositoryAttributes(instance: Instance, project: Project) {
  const urls = projectUrls(instance, project);
  return {
    name: project.name,
    description: project.description,
    homepage: urls.web,
    git_ssh_url: urls.ssh,
    git_http_url: urls.http,
    visibility_level: VISIBILITY_LEVELS[project.visibility],
  };
}

/** `runner` of a hook: null until a runner has taken the job. */
export function runnerAttributes(runner: Runner | null) {
  if (!runner) return null;
  return {
    active: !runner.paused,
    runner_type: 'instance_type',
    is_shared: true,
    id: runner.id,
    description: runner.description,
    tags: [...runner.tags],
  };
}

/** `source_pipeline`, present only for a pipeline that was triggered by another one. */
export function sourcePipelineAttributes(instance: Instance, { sourcePipeline }: Pipeline) {
  if (!sourcePipeline) return {};
  const project = instance.projects.get(sourcePipeline.projectId);
  return {
    source_pipeline: {
      project: {
        id: sourcePipeline.projectId,
        web_url: project ? projectUrls(instance, project).web : instance.settings.externalUrl,
        path_with_namespace: project?.path ?? '',
      },
      pipeline_id: sourcePipeline.pipelineId,
      job_id: sourcePipeline.jobId,
    },
  };
}

/** Seconds between two times; null if one is missing. */
export function secondsBetween(from: Date | null, to: Date | null): number | null {
  return from && to ? (to.getTime() - from.getTime()) / 1000 : null;
}

const TIERS: readonly (readonly [RegExp, string])[] = [
  [/dev|review|trunk/i, 'development'],
  [/te?st|int|acc?pt|qa|qc|control|quality/i, 'testing'],
  [/sta?g|mode?l|pre|demo|non/i, 'staging'],
  [/pro?d|live/i, 'production'],
];

/** The environment of a job's deployment, or null. The tier is guessed from the name (Environment#guess_tier). */
export function environmentAttributes({ definition: { environment } }: Job) {
  if (environment === undefined) return null;
  const { name, action = 'start' } = environment;
  const deploymentTier = TIERS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
  return { name, action, deployment_tier: deploymentTier };
}
