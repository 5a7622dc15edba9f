import { parameterNames } from '@serverless-gitlab-runner/fleet';
import type { GitLabRefusal } from './gitlab-request.ts';

/** A sentence for the log: how a person can fix a failing request to GitLab's API. */
export function remediation(why: GitLabRefusal, parameterPrefix: string, fleet: string): string {
  const { apiToken, config } = parameterNames(parameterPrefix, fleet);
  switch (why) {
    case 'token-unusable':
      return `Write a token with the scope read_api to the SecureString ${apiToken}, or remove gitlabApi from ${config}`;
    case 'unauthorized':
      return `The token has expired, was revoked, or lacks the scope read_api: write a valid one to ${apiToken}`;
    case 'not-found':
      return 'The token’s user cannot see the project’s jobs: make it a Reporter of the project or of its group';
    case 'redirected':
      return `gitlabUrl in ${config} redirects, and redirects are not followed: use GitLab’s own URL`;
    case 'too-large':
    case 'unreadable':
      return `Check that gitlabUrl in ${config} is the GitLab that sends the fleet’s webhooks`;
    case 'failing':
    case 'unreachable':
      return 'If this passes, nothing: the fleet of the webhook’s URL is used. Otherwise check that GitLab is reachable from outside the VPC, where the launcher runs';
  }
}
