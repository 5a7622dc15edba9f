import type {
  ImageRequest,
  JobCredential,
  JobResponse,
  JobVariable,
  ServiceRequest,
} from './job-response.ts';

export type { ImageRequest, JobCredential, JobVariable, ServiceRequest } from './job-response.ts';

/** The user that a container runs as: `docker: user`, else `kubernetes: user`; undefined for the image's own. */
export function userOf(image: Pick<ImageRequest, 'executor_opts'> | undefined): string | undefined {
  const { docker, kubernetes } = image?.executor_opts ?? {};
  return docker?.user || kubernetes?.user || undefined;
}

/** What a job requests, from GitLab's response and the hooks' environment. It does not identify the job: see `JobIdentity`. */
export interface JobRequest {
  image: ImageRequest | undefined;
  services: readonly ServiceRequest[];
  /** The job's variables, expanded by the runner. A job may set any of them, predefined ones too. */
  variables: ReadonlyMap<string, string>;
  /** The job's variables as GitLab sent them, which tells which of them are secret. */
  sentVariables: readonly JobVariable[];
  credentials: readonly JobCredential[];
  /**
   * Names of the job's `secrets:`, and whether each is a file. Their values are in `variables` only: the runner fetched them,
   * and GitLab never saw them.
   */
  secretFiles: ReadonlyMap<string, boolean>;
  /** The job's timeout in seconds, if GitLab sends it. */
  timeoutSeconds: number | undefined;
}

/** A hook's environment, by name. */
export type HookEnvironment = ReadonlyMap<string, string>;

/** Prefix that the custom executor adds to the job's variables. */
const JOB_VARIABLE_PREFIX = 'CUSTOM_ENV_';

/** Parses the output of `env -0`: names and values of a hook's environment. */
export function parseHookEnvironment(body: string): HookEnvironment {
  const entries = body.split('\0').flatMap((entry): [string, string][] => {
    const equals = entry.indexOf('=');
    return equals < 1 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)]];
  });
  return new Map(entries);
}

/** Combines GitLab's response with the environment of the prepare hook. */
export function jobRequest(response: JobResponse, environment: HookEnvironment): JobRequest {
  const variables = jobVariables(environment);
  return {
    image: response.image ?? undefined,
    services: response.services ?? [],
    variables,
    sentVariables: response.variables ?? [],
    credentials: response.credentials ?? [],
    secretFiles: new Map(
      Object.entries(response.secrets ?? {}).map(([name, { file }]) => [name, file ?? true]),
    ),
    timeoutSeconds: response.runner_info?.timeout || undefined,
  };
}

function jobVariables(environment: HookEnvironment): ReadonlyMap<string, string> {
  const own = [...environment].filter(([name]) => name.startsWith(JOB_VARIABLE_PREFIX));
  return new Map(own.map(([name, value]) => [name.slice(JOB_VARIABLE_PREFIX.length), value]));
}
