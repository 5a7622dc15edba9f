import { parameterNames } from '@serverless-gitlab-runner/fleet';

/**
 * The commands that create or replace a fleet's secrets, which CloudFormation cannot do (it has no SecureString). A secret is
 * read from the terminal or created by the command, and passed to `aws` on standard input: neither the shell's history nor the
 * process list shows it.
 */
export interface SecretCommands {
  /** Creates, stores and prints a secret token for the webhook, to be entered in GitLab's webhook form. */
  readonly webhookSecret: string;
  /** Stores the runner's authentication token, which GitLab shows once. */
  readonly runnerToken: string;
  /** Stores a token for GitLab's API (scope `read_api`), for a fleet with `gitlabApi`. */
  readonly apiToken: string;
}

/**
 * Commands for one fleet, to be pasted into bash, zsh or ksh.
 * @param region of the parameters. Default: the AWS CLI's
 */
export function secretCommands(parameterPrefix: string, fleet: string, region?: string): SecretCommands {
  const names = parameterNames(parameterPrefix, fleet);
  return {
    webhookSecret: `SECRET=$(openssl rand -hex 32); ${put(names.webhookSecret, region)} && echo "$SECRET"; unset SECRET`,
    runnerToken: `read -rs SECRET; ${put(names.runnerToken, region)}; unset SECRET`,
    apiToken: `read -rs SECRET; ${put(names.apiToken, region)}; unset SECRET`,
  };
}

/** `printf` is a builtin, so its arguments are in no process list. It adds no newline, which would become part of the secret. */
function put(name: string, region: string | undefined): string {
  const where = region === undefined ? '' : ` --region ${region}`;
  return `printf %s "$SECRET" | aws ssm put-parameter${where} --type SecureString --overwrite --name ${name} --value file:///dev/stdin`;
}
