import { parameterNames } from '@serverless-gitlab-runner/fleet';
import type { GitLabRefusal } from './gitlab-request.ts';

/** A sentence for the log: what a person can do about GitLab's API not answering. */
export function remediation(why: GitLabRefusal, parameterPrefix: string, fleet: string): string {
  const { apiToken, config } = parameterNames(parameterPrefix, fleet);
  switch (why) {
    case 'token-unusable':
      return `Write a token (scope read_api) into the SecureString ${apiToken}, or take gitlabApi out of ${config}`;
    case 'unauthorized':
      return `The token has expired, was revoked, or lacks the scope read_api: write a valid one into ${apiToken}`;
    case 'not-found':
      return 'The user of the token does not see the project’s jobs: make it a Reporter of the project, or of its group';
    case 'redirected':
      return `gitlabUrl in ${config} is answered with a redirect, which is not followed: write the URL that GitLab has itself`;
    case 'too-large':
    case 'unreadable':
      return `Look whether gitlabUrl in ${config} is the GitLab that sends the fleet’s webhooks`;
    case 'failing':
    case 'unreachable':
      return 'Nothing, if it passes: the fleet of the webhook’s URL is used. Else look whether the launcher, outside of the VPC, reaches it';
  }
}
