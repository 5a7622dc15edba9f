import { parameterNames } from '@serverless-gitlab-runner/fleet';

/**
 * The commands that create or replace a fleet's secrets, which CloudFormation cannot (it has no SecureString). A secret is read from
 * the terminal or made by the command, and reaches `aws` by its standard input: neither the shell's history nor the list of
 * processes shows it.
 */
export interface SecretCommands {
  /** Makes a secret token for the webhook and prints it: it goes into GitLab's webhook form too. */
  readonly webhookSecret: string;
  /** Stores the runner's authentication token, which GitLab shows once. */
  readonly runnerToken: string;
  /** Stores a token for GitLab's API (scope `read_api`), for a fleet with `gitlabApi`. */
  readonly apiToken: string;
}

/**
 * Commands for one fleet, to be pasted into bash, zsh or ksh.
 * @param region of the parameters. Default: what the AWS CLI is set to
 */
export function secretCommands(parameterPrefix: string, fleet: string, region?: string): SecretCommands {
  const names = parameterNames(parameterPrefix, fleet);
  return {
    webhookSecret: `SECRET=$(openssl rand -hex 32); ${put(names.webhookSecret, region)} && echo "$SECRET"; unset SECRET`,
    runnerToken: `read -rs SECRET; ${put(names.runnerToken, region)}; unset SECRET`,
    apiToken: `read -rs SECRET; ${put(names.apiToken, region)}; unset SECRET`,
  };
}

/** `printf` is a builtin, so its argument is in no list of processes; a file's trailing newline would become part of the secret. */
function put(name: string, region: string | undefined): string {
  const where = region === undefined ? '' : ` --region ${region}`;
  return `printf %s "$SECRET" | aws ssm put-parameter${where} --type SecureString --overwrite --name ${name} --value file:///dev/stdin`;
}
