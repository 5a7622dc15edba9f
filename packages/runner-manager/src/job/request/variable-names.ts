import type { JobRequest, JobVariable } from './job-request.ts';

/** Variables that the runner adds and calls internal. The Docker executor passes them to services, too. */
const RUNNER_VARIABLES =
  /^(CI_(BUILDS_DIR|PROJECT_DIR|CONCURRENT_ID|CONCURRENT_PROJECT_ID|SERVER|JOB_STATUS|JOB_TIMEOUT|JOB_IMAGE|RUNNER_SHORT_TOKEN|RUNNER_VERSION|RUNNER_REVISION|RUNNER_EXECUTABLE_ARCH|DISPOSABLE_ENVIRONMENT|SHARED_ENVIRONMENT)|RUNNER_TEMP_PROJECT_DIR|FF_[A-Z0-9_]+)$/;

/** Looks up a job's variables by name: their values, and whether they may be shown. */
export interface VariableNames {
  /** The last entry that GitLab sent for a name, which wins. */
  lastSent(name: string): JobVariable | undefined;
  /** Whether the runner added it: GitLab did not send it, and it is not one of the job's `secrets:`. */
  isRunnerVariable(name: string): boolean;
  isPublic(name: string): boolean;
  /** Whether its value is a secret: not public, and not the path of a file. */
  isSecret(name: string): boolean;
  /** Its value in the job; for a file, the path that the runner writes it to; empty if it is not set. */
  valueOf(name: string): string;
}

/** Indexes a job's variables by name. */
export function variableNames({ variables, sentVariables, secretFiles }: JobRequest): VariableNames {
  const sent = new Map(sentVariables.map((variable) => [variable.key, variable]));
  const folder = variables.get('RUNNER_TEMP_PROJECT_DIR') ?? `${variables.get('CI_PROJECT_DIR') ?? ''}.tmp`;
  const isRunnerVariable = (name: string) =>
    !sent.has(name) && !secretFiles.has(name) && RUNNER_VARIABLES.test(name);
  const isFile = (name: string) =>
    variables.has(name) && (secretFiles.get(name) ?? sent.get(name)?.file === true);
  const isPublic = (name: string) =>
    isRunnerVariable(name) || (sent.get(name)?.public === true && !secretFiles.has(name));
  return {
    lastSent: (name) => (secretFiles.has(name) ? undefined : sent.get(name)),
    isRunnerVariable,
    isPublic,
    isSecret: (name) => variables.has(name) && !isPublic(name) && !isFile(name),
    valueOf: (name) => (isFile(name) ? `${folder}/${name}` : (variables.get(name) ?? '')),
  };
}
