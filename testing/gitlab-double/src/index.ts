export { readConfiguration } from './ci-configuration/read-configuration.ts';
export { REGISTRY_ISSUER, REGISTRY_SERVICE, TOKEN_PATH } from './container-registry/registry-settings.ts';
export type { GitLabEvent } from './events.ts';
export type { CommitDefinition, CommitFile } from './git/repository.ts';
export { type GitLabDouble, type GitLabDoubleOptions, startGitLabDouble } from './gitlab-double.ts';
export type {
  JobDefinition,
  PipelineDefinition,
  ProjectDefinition,
  VariableDefinitions,
} from './model/definitions.ts';
export type { Job, Pipeline } from './model/pipeline.ts';
export type { Project } from './model/project.ts';
export type { Runner } from './model/runner.ts';
export type { Webhook, WebhookDelivery } from './webhooks/webhook.ts';
