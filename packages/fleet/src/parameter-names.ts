import { createHash } from 'node:crypto';
import { fleetNameSchema } from '@serverless-gitlab-runner/shared-events';
import * as z from 'zod';

/** Default first part of every SSM parameter's name. */
export const DEFAULT_PARAMETER_PREFIX = '/serverless-gitlab-runner';

/** The environment variable `PARAMETER_PREFIX`: starts with a slash and does not end with one. */
export const parameterPrefixSchema = z
  .string()
  .regex(/^\/.*[^/]$/, 'must be a path of SSM parameters, for example /serverless-gitlab-runner')
  .default(DEFAULT_PARAMETER_PREFIX);

/** Names of the SSM parameters of one fleet. */
export interface ParameterNames {
  /** String: the fleet's configuration document. */
  config: string;
  /** SecureString: the secret token of the GitLab webhook. */
  webhookSecret: string;
  /** SecureString: the secret token before the last rotation; it is accepted until it is removed. */
  previousWebhookSecret: string;
  /** SecureString: the `whsec_` signing token of the GitLab webhook. */
  signingToken: string;
  /** SecureString: the signing token before the last rotation; it is accepted until it is removed. */
  previousSigningToken: string;
  /** SecureString: the runner's authentication token (`glrt-…`). */
  runnerToken: string;
  /** SecureString: a token for GitLab's API (scope `read_api`), where the document has `gitlabApi`. */
  apiToken: string;
  /** String: certificates (PEM) of the authorities that GitLab's own certificate may be signed by; absent: public ones only. */
  certificateAuthorities: string;
  /** Path of the SecureStrings that hold runner tokens from webhooks. */
  runnerTokensPath: string;
}

/** Names of a fleet's parameters. `prefix` starts with a slash and does not end with one. */
export function parameterNames(prefix: string, fleet: string): ParameterNames {
  const path = `${fleetsPath(prefix)}${fleet}`;
  return {
    config: `${path}/config`,
    webhookSecret: `${path}/webhook-secret`,
    previousWebhookSecret: `${path}/webhook-secret-previous`,
    signingToken: `${path}/signing-token`,
    previousSigningToken: `${path}/signing-token-previous`,
    runnerToken: `${path}/runner-token`,
    apiToken: `${path}/api-token`,
    certificateAuthorities: `${path}/ca`,
    runnerTokensPath: `${path}/runner-tokens/`,
  };
}

/** Path of all fleets' parameters, with a trailing slash. */
export function fleetsPath(prefix: string): string {
  return `${prefix}/fleets/`;
}

/** Path of the settings of the last deployment, without a trailing slash. */
export function settingsPath(prefix: string): string {
  return `${prefix}/settings`;
}

/** Name of the String with the installation's settings as written, except its fleets: the app of `infra` wrote it. */
export function installationSettingsName(prefix: string): string {
  return `${settingsPath(prefix)}/installation`;
}

/** Path of the Strings with each fleet's settings as written, with a trailing slash; the rest of a name is the fleet's. */
export function fleetSettingsPath(prefix: string): string {
  return `${settingsPath(prefix)}/fleets/`;
}

/**
 * First part of the names of the Secrets Manager secrets that managers create for jobs, with a trailing slash. Each contains the
 * credentials with which ECS pulls a job's images from a registry.
 */
export function jobSecretsPath(prefix: string): string {
  return `${prefix.slice(1)}/jobs/`;
}

/** First part of the names of the secrets that one fleet's managers create, with a trailing slash. */
export function fleetSecretsPath(prefix: string, fleet: string): string {
  return `${jobSecretsPath(prefix)}${fleet}/`;
}

/** The fleet whose configuration a parameter holds, or undefined for any other parameter. */
export function fleetOfConfigParameter(prefix: string, parameterName: string): string | undefined {
  const path = fleetsPath(prefix);
  if (!parameterName.startsWith(path) || !parameterName.endsWith('/config')) return undefined;
  const fleet = parameterName.slice(path.length, -'/config'.length);
  return fleetNameSchema.safeParse(fleet).success ? fleet : undefined;
}

/** Parameter name for a webhook's runner token: a digest, so that the name reveals nothing and each token has one name. */
export function webhookRunnerTokenName(names: ParameterNames, runnerToken: string): string {
  const digest = createHash('sha256').update(runnerToken).digest('hex').slice(0, 32);
  return `${names.runnerTokensPath}${digest}`;
}

/** The fleet whose webhooks sent the runner token that a parameter holds, or undefined for any other parameter. */
export function fleetOfWebhookRunnerToken(prefix: string, parameterName: string): string | undefined {
  const path = fleetsPath(prefix);
  if (!parameterName.startsWith(path)) return undefined;
  const [, fleet] = /^([^/]*)\/runner-tokens\/[0-9a-f]{32}$/.exec(parameterName.slice(path.length)) ?? [];
  return fleetNameSchema.safeParse(fleet).data;
}

/** Whether a parameter holds a runner token from a webhook of that fleet, rather than the fleet's own. */
export function isWebhookRunnerToken(parameterName: string, fleet: string): boolean {
  return parameterName.includes(`/fleets/${fleet}/runner-tokens/`);
}
