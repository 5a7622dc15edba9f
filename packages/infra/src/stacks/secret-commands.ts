import { parameterNames } from '@serverless-gitlab-runner/fleet';

/** The commands that create a fleet's secrets, which CloudFormation cannot (it has no SecureString). */
export interface SecretCommands {
  /** Makes a secret token for the webhook and prints it: it goes into GitLab's webhook form too. */
  readonly webhookSecret: string;
  /** Stores the runner's authentication token, which GitLab shows once. */
  readonly runnerToken: string;
  /** Stores a token for GitLab's API (scope `read_api`), for a fleet with `gitlabApi`. */
  readonly apiToken: string;
}

/** Commands for one fleet, to be pasted into a POSIX shell. */
export function secretCommands(parameterPrefix: string, fleet: string): SecretCommands {
  const names = parameterNames(parameterPrefix, fleet);
  return {
    webhookSecret: `SECRET="$(openssl rand -hex 32)" && ${putSecret(names.webhookSecret, '"$SECRET"')} && echo "$SECRET"`,
    runnerToken: putSecret(names.runnerToken, '"glrt-…"'),
    apiToken: putSecret(names.apiToken, '"glpat-…"'),
  };
}

function putSecret(name: string, value: string): string {
  return `aws ssm put-parameter --type SecureString --name ${name} --value ${value}`;
}
