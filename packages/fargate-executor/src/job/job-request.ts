import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SystemFailureError } from '../errors.ts';

const textList = z.array(z.string()).nullish();
/** A text or a number, as the runner reads it (`StringOrInt64` in common/spec/spec.go of 19.3). */
const userSchema = z.union([z.string(), z.int().transform(String)]).nullish();
const executorOptions = z
  .object({
    docker: z.object({ user: userSchema, platform: z.string().nullish() }).nullish(),
    kubernetes: z.object({ user: userSchema }).nullish(),
  })
  .nullish();

const imageSchema = z.object({
  name: z
    .string()
    .nullish()
    .transform((name) => name ?? ''),
  entrypoint: textList,
  executor_opts: executorOptions,
});

const variableSchema = z.object({
  key: z.string(),
  value: z.string().nullish(),
  public: z.boolean().nullish(),
  masked: z.boolean().nullish(),
  file: z.boolean().nullish(),
  /** A value that is not expanded (`expand: false`). */
  raw: z.boolean().nullish(),
});

const serviceSchema = imageSchema.extend({
  alias: z.string().nullish(),
  command: textList,
  variables: z.array(variableSchema).nullish(),
});

const credentialSchema = z.object({
  type: z.string(),
  url: z.string(),
  username: z.string().nullish(),
  password: z.string().nullish(),
});

/**
 * What is used of the job as GitLab sends it (`POST /api/v4/jobs/request`) and the runner keeps it in
 * `JOB_RESPONSE_FILE`. Lenient: GitLab adds fields, and leaves out what it has no value for.
 */
const jobResponseSchema = z.object({
  image: imageSchema.nullish(),
  services: z.array(serviceSchema).nullish(),
  variables: z.array(variableSchema).nullish(),
  credentials: z.array(credentialSchema).nullish(),
  runner_info: z.object({ timeout: z.number().nullish() }).nullish().catch(undefined),
});

export type ImageRequest = z.infer<typeof imageSchema>;
export type ServiceRequest = z.infer<typeof serviceSchema>;
export type JobVariable = z.infer<typeof variableSchema>;
/** The user that a container is to run as: `docker: user`, else `kubernetes: user`; undefined: the image's own. */
export function userOf(image: Pick<ImageRequest, 'executor_opts'> | undefined): string | undefined {
  const { docker, kubernetes } = image?.executor_opts ?? {};
  return docker?.user || kubernetes?.user || undefined;
}

/** A login that GitLab sends with a job: to its own registry and its dependency proxy, with the job's token. */
export type JobCredential = z.infer<typeof credentialSchema>;

/** Who a job is: what events and tags tell of it. */
export interface JobIdentity {
  instance: string;
  jobId: number;
  jobName: string;
  pipelineId: number;
  projectId: number;
  projectPath: string | undefined;
}

/** A job as the hooks bring it. */
export interface JobRequest {
  identity: JobIdentity;
  image: ImageRequest | undefined;
  services: readonly ServiceRequest[];
  /** The job's variables, expanded by the runner. */
  variables: ReadonlyMap<string, string>;
  /** The job's variables as GitLab sent them: there one sees which of them are secret. */
  sentVariables: readonly JobVariable[];
  credentials: readonly JobCredential[];
  /** The job's time-out in seconds, as GitLab says it; undefined when GitLab does not. */
  timeoutSeconds: number | undefined;
}

/** Prefix that the custom executor gives to the job's variables. */
const JOB_VARIABLE_PREFIX = 'CUSTOM_ENV_';

/** Reads `env -0`: names and values of a hook's environment. */
export function parseHookEnvironment(body: string): ReadonlyMap<string, string> {
  const entries = body.split('\0').flatMap((entry): [string, string][] => {
    const equals = entry.indexOf('=');
    return equals < 1 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)]];
  });
  return new Map(entries);
}

/** Id of the job that a hook's environment is about, or undefined. */
export function jobIdOf(environment: ReadonlyMap<string, string>): number | undefined {
  const id = Number(environment.get(`${JOB_VARIABLE_PREFIX}CI_JOB_ID`));
  return Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

/**
 * Reads the job that a hook's environment is about, and the file that it names.
 * @throws {SystemFailureError} when the runner gave too little
 */
export async function readJobRequest(environment: ReadonlyMap<string, string>): Promise<JobRequest> {
  const file = environment.get('JOB_RESPONSE_FILE');
  if (file === undefined) {
    throw new SystemFailureError('JOB_RESPONSE_FILE is missing: this needs GitLab Runner 13.10 or newer');
  }
  return parseJobRequest(environment, await readFile(file, 'utf8'));
}

/** The pure part of `readJobRequest`: `document` is the file's content. */
export function parseJobRequest(environment: ReadonlyMap<string, string>, document: string): JobRequest {
  const response = jobResponseSchema.safeParse(parseJson(document));
  if (!response.success) {
    throw new SystemFailureError(`the job is not as GitLab sends it: ${z.prettifyError(response.error)}`);
  }
  const variables = jobVariables(environment);
  const image = response.data.image ?? undefined;
  return {
    identity: identityOf(variables),
    image,
    services: response.data.services ?? [],
    variables,
    sentVariables: response.data.variables ?? [],
    credentials: response.data.credentials ?? [],
    timeoutSeconds: response.data.runner_info?.timeout || undefined,
  };
}

function parseJson(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    throw new SystemFailureError('JOB_RESPONSE_FILE is not JSON');
  }
}

function jobVariables(environment: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const own = [...environment].filter(([name]) => name.startsWith(JOB_VARIABLE_PREFIX));
  return new Map(own.map(([name, value]) => [name.slice(JOB_VARIABLE_PREFIX.length), value]));
}

function identityOf(variables: ReadonlyMap<string, string>): JobIdentity {
  return {
    instance: variables.get('CI_SERVER_URL') ?? '',
    jobId: Number(variables.get('CI_JOB_ID')),
    jobName: variables.get('CI_JOB_NAME') ?? '',
    pipelineId: Number(variables.get('CI_PIPELINE_ID')),
    projectId: Number(variables.get('CI_PROJECT_ID')),
    projectPath: variables.get('CI_PROJECT_PATH'),
  };
}
