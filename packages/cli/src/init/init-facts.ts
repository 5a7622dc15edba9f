import type { AdminProject, AdminRunner, Owner } from '../gitlab/gitlab-admin.ts';
import type { GitLabHook } from '../gitlab/gitlab-reader.ts';
import type { HookPlace } from '../gitlab/hook-place.ts';
import type { DeployedSettings } from '../settings/deployed-settings.ts';

/** What exists already at AWS. */
export interface AwsFacts {
  /** Number of the account. */
  account: string;
  region: string;
  isBootstrapped: boolean;
  /** Names of the stacks that are complete. */
  stacks: readonly string[];
  /** Undefined before the first deployment, or if it kept none. */
  settings: DeployedSettings | undefined;
  /** Fleets that are deployed. */
  fleets: readonly string[];
  parameterPrefix: string;
  /** The receiver's, without a query; undefined before the first deployment. */
  webhookUrl: string | undefined;
  /** Of the requested fleet. */
  isWebhookSecretStored: boolean;
  /** Of the requested fleet; `refused`: GitLab does not accept the stored one. */
  runnerToken: 'missing' | 'valid' | 'refused';
  /** Certificates (PEM) that the requested fleet's GitLab may be signed by, as stored; undefined: none. */
  certificateAuthorities: string | undefined;
}

/** What exists already at GitLab, for one project or the group. */
export interface GitLabFacts {
  /** Whose runner it is: the group, or the first project. */
  runnerOwner: Owner & { path: string };
  /** The projects whose jobs are served. */
  projects: readonly AdminProject[];
  /** The runner of an earlier run. */
  runner: AdminRunner | undefined;
  mayCreateRunner: boolean;
  mayCreateHooks: boolean;
  /** Where webhooks are, or are to be. */
  hookPlaces: readonly PlannedHook[];
}

export interface PlannedHook {
  /** By path. */
  place: HookPlace;
  /** The webhook of an earlier run. */
  hook: GitLabHook | undefined;
}
