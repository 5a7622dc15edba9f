import { basicCredentials } from '../basic-credentials.ts';
import type { Instance } from '../instance.ts';
import type { DeployToken } from '../model/deploy-token.ts';
import type { Job } from '../model/pipeline.ts';
import { USER } from '../model/project.ts';

/** The caller that requests a registry token. */
export type RegistryCaller =
  | { kind: 'none' }
  | { kind: 'build'; job: Job }
  | { kind: 'deploy_token'; deployToken: DeployToken }
  | { kind: 'personal_access_token' };

/**
 * Identifies the caller by the `Authorization` header; undefined if the credentials are invalid. A job token is valid while the
 * job runs and only with user name `gitlab-ci-token`, a deploy token only with its own user name, a personal access token with
 * any (Gitlab::Auth.find_for_git_client).
 */
export function registryCaller(
  instance: Instance,
  authorization: string | undefined,
): RegistryCaller | undefined {
  const credentials = basicCredentials(authorization);
  if (!credentials) return { kind: 'none' };
  const { username, password } = credentials;
  const job = username === 'gitlab-ci-token' ? instance.jobByToken(password) : undefined;
  if (job) return { kind: 'build', job };
  if (password === instance.settings.privateToken) return { kind: 'personal_access_token' };
  const deployToken = instance.deployTokens.find(
    (each) => each.token === password && each.username === username && !each.revoked,
  );
  return deployToken && { kind: 'deploy_token', deployToken };
}

/** `sub` of the caller's tokens: the user, also for a job. Deploy tokens and anonymous callers have none. */
export function subjectOf(caller: RegistryCaller): string | undefined {
  return caller.kind === 'build' || caller.kind === 'personal_access_token' ? USER.username : undefined;
}

/** Whether the caller may request tokens at all: a deploy token needs a registry scope. */
export function hasRegistryAbility(caller: RegistryCaller): boolean {
  if (caller.kind !== 'deploy_token') return true;
  return caller.deployToken.scopes.some((scope) => scope === 'read_registry' || scope === 'write_registry');
}
