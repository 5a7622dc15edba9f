import type { JobRequest, JobVariable } from './job-request.ts';

/** What the runner adds itself and calls internal: the Docker executor gives these to services, too. */
const OF_RUNNER =
  /^(CI_(BUILDS_DIR|PROJECT_DIR|CONCURRENT_ID|CONCURRENT_PROJECT_ID|SERVER|JOB_STATUS|JOB_TIMEOUT|JOB_IMAGE|RUNNER_SHORT_TOKEN|RUNNER_VERSION|RUNNER_REVISION|RUNNER_EXECUTABLE_ARCH|DISPOSABLE_ENVIRONMENT|SHARED_ENVIRONMENT)|RUNNER_TEMP_PROJECT_DIR|FF_[A-Z0-9_]+)$/;

/** A job's variables by name: what each is worth, and to whom it may be shown. */
export interface VariableNames {
  /** The last entry of a name that GitLab sent, which holds. */
  lastSent(name: string): JobVariable | undefined;
  /** Whether the runner added it: GitLab did not send it, and it is no secret. */
  isOfRunner(name: string): boolean;
  isPublic(name: string): boolean;
  /** Whether its value is a secret: not public, and no path of a file. */
  isSecret(name: string): boolean;
  /** Its value in the job; of a file, where the runner writes it; of one that is not set, nothing. */
  valueOf(name: string): string;
}

/** Sorts a job's variables. */
export function variableNames({ variables, sentVariables, secretFiles }: JobRequest): VariableNames {
  const sent = new Map(sentVariables.map((variable) => [variable.key, variable]));
  const folder = variables.get('RUNNER_TEMP_PROJECT_DIR') ?? `${variables.get('CI_PROJECT_DIR') ?? ''}.tmp`;
  const isOfRunner = (name: string) => !sent.has(name) && !secretFiles.has(name) && OF_RUNNER.test(name);
  const isFile = (name: string) =>
    variables.has(name) && (secretFiles.get(name) ?? sent.get(name)?.file === true);
  const isPublic = (name: string) =>
    isOfRunner(name) || (sent.get(name)?.public === true && !secretFiles.has(name));
  return {
    lastSent: (name) => (secretFiles.has(name) ? undefined : sent.get(name)),
    isOfRunner,
    isPublic,
    isSecret: (name) => variables.has(name) && !isPublic(name) && !isFile(name),
    valueOf: (name) => (isFile(name) ? `${folder}/${name}` : (variables.get(name) ?? '')),
  };
}
