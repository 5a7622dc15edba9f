import { createHash } from 'node:crypto';
import { GITLAB_VERSION, type Instance } from '../instance.ts';
import type { VariableDefinition, VariableDefinitions } from '../model/definitions.ts';
import type { Job } from '../model/pipeline.ts';
import { isProtectedBranch, USER } from '../model/project.ts';
import { cloneUrl, jobUrl, projectUrls } from '../urls.ts';
import { dependencyJobs } from './dependency-jobs.ts';
import { expandVariables, type PayloadVariable } from './expand-variables.ts';
import { idTokens } from './id-tokens.ts';

/**
 * All variables of a job in GitLab's order: predefined ones first, then by rising precedence. In the runner, later ones override
 * earlier ones. Source of the names: doc/ci/variables/predefined_variables.md.
 */
export function jobVariables(instance: Instance, job: Job): PayloadVariable[] {
  const { pipeline, definition } = job;
  return expandVariables([
    ...visibleVariables(jobFacts(instance, job)),
    ...maskedVariables(jobSecrets(job)),
    { key: 'CI_REPOSITORY_URL', value: cloneUrl(instance, job), public: false, masked: false },
    ...visibleVariables(serverFacts(instance)),
    ...visibleVariables(projectFacts(instance, job)),
    ...visibleVariables(registryFacts(instance, job)),
    ...visibleVariables(pipelineFacts(instance, job)),
    ...visibleVariables(commitFacts(job)),
    ...visibleVariables(runnerFacts(job)),
    ...visibleVariables(environmentFacts(job)),
    ...payloadVariables(pipeline.variables),
    ...payloadVariables(definition.variables ?? {}),
    ...dependencyJobs(job).flatMap((dependency) => visibleVariables(dependency.dotenv)),
    ...payloadVariables(settingsVariables(pipeline.project.variables)),
    ...maskedVariables(idTokens(instance, job)),
  ]);
}

/** Variables from GitLab's settings are never public (Ci::HasVariable#to_hash_variable). */
function settingsVariables(definitions: VariableDefinitions): VariableDefinitions {
  return Object.fromEntries(
    Object.entries(definitions).map(([key, definition]) => [
      key,
      { public: false, ...(typeof definition === 'string' ? { value: definition } : definition) },
    ]),
  );
}

/** Converts variable definitions to the payload's form. */
export function payloadVariables(definitions: VariableDefinitions): PayloadVariable[] {
  return Object.entries(definitions).map(([key, definition]) => payloadVariable(key, definition));
}

function payloadVariable(key: string, definition: VariableDefinition): PayloadVariable {
  const options = typeof definition === 'string' ? { value: definition } : definition;
  const masked = options.masked ?? false;
  return {
    key,
    value: options.value,
    public: options.public ?? !masked,
    masked,
    ...(options.file ? { file: true } : {}),
    ...(options.raw ? { raw: true } : {}),
  };
}

function visibleVariables(values: Record<string, string>): PayloadVariable[] {
  return Object.entries(values).map(([key, value]) => ({ key, value, public: true, masked: false }));
}

function maskedVariables(values: Record<string, string>): PayloadVariable[] {
  return Object.entries(values).map(([key, value]) => ({ key, value, public: false, masked: true }));
}

function jobFacts(instance: Instance, job: Job): Record<string, string> {
  const timeout = job.definition.timeout ?? job.pipeline.project.buildTimeout;
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_JOB_ID: `${job.id}`,
    CI_JOB_URL: jobUrl(instance, job),
    CI_JOB_STARTED_AT: job.startedAt?.toISOString() ?? '',
    CI_JOB_TIMEOUT: `${timeout}`,
    CI_JOB_NAME: job.name,
    CI_JOB_NAME_SLUG: slug(job.name),
    CI_JOB_STAGE: job.stage,
    ...(job.image ? { CI_JOB_IMAGE: job.image } : {}),
    CI_NODE_TOTAL: '1',
    CI_BUILD_ID: `${job.id}`,
    CI_REGISTRY_USER: 'gitlab-ci-token',
    GITLAB_USER_ID: `${USER.id}`,
    GITLAB_USER_EMAIL: USER.email,
    GITLAB_USER_LOGIN: USER.username,
    GITLAB_USER_NAME: USER.name,
  };
}

function environmentFacts({ definition: { environment } }: Job): Record<string, string> {
  if (environment === undefined) return {};
  return {
    CI_ENVIRONMENT_NAME: environment.name,
    CI_ENVIRONMENT_SLUG: environmentSlug(environment.name),
    CI_ENVIRONMENT_ACTION: environment.action ?? 'start',
    ...(environment.url ? { CI_ENVIRONMENT_URL: environment.url } : {}),
  };
}

/** At most 24 characters that start with a letter; a suffix keeps changed names apart (Gitlab::Slug::Environment). */
function environmentSlug(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
  const slugged = (/^[a-z]/.test(plain) ? plain : `env-${plain}`).replaceAll(/-+/g, '-');
  if (slugged.length <= 24 && slugged === name) return slugged;
  const digest = createHash('sha256').update(name).digest('hex');
  return `${slugged.slice(0, 17).replace(/-$/, '')}-${BigInt(`0x${digest}`).toString(36).slice(-6)}`;
}

function jobSecrets(job: Job): Record<string, string> {
  return {
    CI_JOB_TOKEN: job.token,
    CI_BUILD_TOKEN: job.token,
    CI_REGISTRY_PASSWORD: job.token,
  };
}

function serverFacts(instance: Instance): Record<string, string> {
  const url = new URL(instance.settings.externalUrl);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const [major = '', minor = '', patch = ''] = GITLAB_VERSION.split('.');
  return {
    CI_SERVER: 'yes',
    CI_SERVER_URL: instance.settings.externalUrl,
    CI_SERVER_FQDN: url.host,
    CI_SERVER_HOST: url.hostname,
    CI_SERVER_PORT: port,
    CI_SERVER_PROTOCOL: url.protocol.replace(':', ''),
    CI_SERVER_NAME: 'GitLab',
    CI_SERVER_VERSION: GITLAB_VERSION,
    CI_SERVER_VERSION_MAJOR: major,
    CI_SERVER_VERSION_MINOR: minor,
    CI_SERVER_VERSION_PATCH: patch,
    CI_SERVER_REVISION: '0000000',
    CI_API_V4_URL: `${instance.settings.externalUrl}/api/v4`,
    CI_API_GRAPHQL_URL: `${instance.settings.externalUrl}/api/graphql`,
  };
}

function projectFacts(instance: Instance, job: Job): Record<string, string> {
  const { project } = job.pipeline;
  return {
    CI_PROJECT_ID: `${project.id}`,
    CI_PROJECT_NAME: project.name,
    CI_PROJECT_TITLE: project.name,
    CI_PROJECT_DESCRIPTION: project.description,
    CI_PROJECT_PATH: project.path,
    CI_PROJECT_PATH_SLUG: slug(project.path),
    CI_PROJECT_NAMESPACE: project.namespace,
    CI_PROJECT_ROOT_NAMESPACE: project.namespace.split('/')[0] ?? '',
    CI_PROJECT_URL: projectUrls(instance, project).web,
    CI_PROJECT_VISIBILITY: project.visibility,
    CI_DEFAULT_BRANCH: project.defaultBranch,
    CI_CONFIG_PATH: '.gitlab-ci.yml',
  };
}

/** Absent without a registry. The registry's user and password are set in any case, with the job's variables. */
function registryFacts({ settings: { registry } }: Instance, job: Job): Record<string, string> {
  if (!registry) return {};
  const { path } = job.pipeline.project;
  return { CI_REGISTRY: registry.host, CI_REGISTRY_IMAGE: `${registry.host}/${path.toLowerCase()}` };
}

function pipelineFacts(instance: Instance, job: Job): Record<string, string> {
  const { pipeline } = job;
  return {
    CI_PIPELINE_ID: `${pipeline.id}`,
    CI_PIPELINE_IID: `${pipeline.iid}`,
    CI_PIPELINE_SOURCE: pipeline.source,
    CI_PIPELINE_CREATED_AT: pipeline.createdAt.toISOString(),
    CI_PIPELINE_URL: `${projectUrls(instance, pipeline.project).web}/-/pipelines/${pipeline.id}`,
  };
}

function commitFacts(job: Job): Record<string, string> {
  const { commit, ref, beforeSha, project } = job.pipeline;
  const [title = '', ...description] = commit.message.split('\n');
  return {
    CI_COMMIT_SHA: commit.sha,
    CI_COMMIT_SHORT_SHA: commit.sha.slice(0, 8),
    CI_COMMIT_BEFORE_SHA: beforeSha,
    CI_COMMIT_REF_NAME: ref,
    CI_COMMIT_REF_SLUG: slug(ref),
    CI_COMMIT_REF_PROTECTED: `${isProtectedBranch(project, ref)}`,
    CI_COMMIT_BRANCH: ref,
    CI_COMMIT_MESSAGE: commit.message,
    CI_COMMIT_TITLE: title,
    CI_COMMIT_DESCRIPTION: description.join('\n').trim(),
    CI_COMMIT_TIMESTAMP: commit.timestamp,
    CI_COMMIT_AUTHOR: `${commit.authorName} <${commit.authorEmail}>`,
  };
}

function runnerFacts(job: Job): Record<string, string> {
  if (!job.runner) return {};
  return {
    CI_RUNNER_ID: `${job.runner.id}`,
    CI_RUNNER_DESCRIPTION: job.runner.description,
    CI_RUNNER_TAGS: JSON.stringify(job.runner.tags),
  };
}

/** GitLab's slug: lower case, at most 63 characters, no hyphen at either end. */
function slug(text: string): string {
  const slugged = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')
    .slice(0, 63);
  return slugged.replaceAll(/^-+|-+$/g, '');
}

/** Derives a stable UUID from a name, in the format of GitLab's runner UUIDs. */
export function uuidFromName(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
