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

/** An entry of `secrets:`, which the runner fetches itself. It is a file unless the job sets `file: false`. */
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
 * The fields used of the job that GitLab sends (`POST /api/v4/jobs/request`) and the runner writes to `JOB_RESPONSE_FILE`.
 * Lenient, because GitLab adds fields and omits those without a value. Fields that identify the job are required.
 */
const jobResponseSchema = z.object({
  id: z.int().positive(),
  /** The job's token, used to report its log and its end. */
  token: z.string().min(1).max(4096),
  job_info: z.object({
    name: z.string().nullish(),
    project_id: z.int().positive(),
    /** Since GitLab Runner 19.0; older ones drop it, and Go's decoder leaves zero. */
    pipeline_id: z.int().nonnegative().nullish(),
    /** Since GitLab Runner 18.5. */
    project_full_path: z.string().nullish(),
    /** Seconds that the job waited in GitLab. Only measured, so a strange value does not refuse the job. */
    time_in_queue_seconds: z.number().nonnegative().nullish().catch(undefined),
  }),
  git_info: z
    .object({
      repo_url: z.string().nullish(),
      /** Branch, tag, or a merge request's ref. */
      ref: z.string().nullish(),
      /** Whether the ref is protected. Since GitLab Runner 18.3; older ones drop it. */
      protected: z.boolean().nullish(),
    })
    .nullish(),
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
/** A login that GitLab sends with a job, for its own registry and its dependency proxy, with the job's token. */
export type JobCredential = z.infer<typeof credentialSchema>;

/** Maximum size of a job response: about ten times that of a job with 200 long variables, scripts and their steps. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads the job that GitLab sent from the file that the runner wrote. It is the only source of a job's identity, because a job
 * may override every predefined variable.
 * @param path the runner's `JOB_RESPONSE_FILE`
 * @throws {SystemFailureError} when the file is missing, too large, or not a job
 */
export async function readJobResponse(path: string): Promise<JobResponse> {
  if (path === '') {
    throw new SystemFailureError('JOB_RESPONSE_FILE is missing: GitLab Runner 13.10 or later is required');
  }
  return parseJobResponse(await readBounded(path));
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) {
      throw new SystemFailureError(
        `GitLab's job response has ${size} bytes, but the manager reads at most ${MAX_BYTES}`,
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
  throw new SystemFailureError(`GitLab's job response is invalid: ${z.prettifyError(response.error)}`);
}
