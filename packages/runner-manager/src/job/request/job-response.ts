import { open } from 'node:fs/promises';
import * as z from 'zod';
import { SystemFailureError } from '../../errors.ts';
import { parseJson } from '../../parse-json.ts';

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
  raw: z.boolean().nullish(),
});

/** A value of `secrets:`, which the runner fetches itself; a file unless the job says otherwise. */
const secretSchema = z.object({ file: z.boolean().nullish() });

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
 * `JOB_RESPONSE_FILE`. Lenient: GitLab adds fields, and leaves out what it has no value for. What says who the job is
 * must be there.
 */
const jobResponseSchema = z.object({
  id: z.int().positive(),
  /** The job's token, with which its log and its end are reported. */
  token: z.string().min(1).max(4096),
  job_info: z.object({
    name: z.string().nullish(),
    project_id: z.int().positive(),
    /** From GitLab Runner 19.0 on; older ones drop it, and Go's decoder leaves zero. */
    pipeline_id: z.int().nonnegative().nullish(),
    /** From GitLab Runner 18.5 on. */
    project_full_path: z.string().nullish(),
  }),
  git_info: z.object({ repo_url: z.string().nullish() }).nullish(),
  image: imageSchema.nullish(),
  services: z.array(serviceSchema).nullish(),
  variables: z.array(variableSchema).nullish(),
  credentials: z.array(credentialSchema).nullish(),
  runner_info: z.object({ timeout: z.number().nullish() }).nullish().catch(undefined),
  secrets: z.record(z.string(), secretSchema).nullish(),
});

export type JobResponse = z.infer<typeof jobResponseSchema>;
export type ImageRequest = z.infer<typeof imageSchema>;
export type ServiceRequest = z.infer<typeof serviceSchema>;
export type JobVariable = z.infer<typeof variableSchema>;
/** A login that GitLab sends with a job: to its own registry and its dependency proxy, with the job's token. */
export type JobCredential = z.infer<typeof credentialSchema>;

/** Bytes of a job response that are read at most: some ten times what 200 long variables, scripts and their steps come to. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Reads the job that GitLab sent, from the file that the runner wrote: the one source of who a job is, since a job's
 * variables may override every predefined one.
 * @param path the runner's `JOB_RESPONSE_FILE`
 * @throws {SystemFailureError} when the file is missing, too large, or not a job
 */
export async function readJobResponse(path: string): Promise<JobResponse> {
  if (path === '') {
    throw new SystemFailureError('JOB_RESPONSE_FILE is missing: this needs GitLab Runner 13.10 or newer');
  }
  return parseJobResponse(await readBounded(path));
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MOST_BYTES) {
      throw new SystemFailureError(
        `the job is ${size} bytes long as GitLab sends it: this manager reads ${MOST_BYTES}`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The pure part of `readJobResponse`: `document` is the file's content. @throws {SystemFailureError} */
export function parseJobResponse(document: string): JobResponse {
  const response = jobResponseSchema.safeParse(parseJson(document));
  if (response.success) return response.data;
  throw new SystemFailureError(`the job is not as GitLab sends it: ${z.prettifyError(response.error)}`);
}
