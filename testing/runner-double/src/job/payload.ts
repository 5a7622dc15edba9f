import * as z from 'zod';

/** Go's decoder accepts `null` for any field as its zero value. GitLab relies on that (`image: null`, `script: null`). */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const integer = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);

const variable = z.object({
  key: z.string(),
  value: text,
  public: flag,
  file: flag,
  masked: flag,
  raw: flag,
});

const image = z.object({
  name: text,
  alias: text,
  entrypoint: z.array(z.string()).nullish(),
  command: z.array(z.string()).nullish(),
  variables: list(variable),
});

const step = z.object({ name: z.string(), script: list(z.string()), timeout: integer, when: text });

const artifact = z.object({
  name: text,
  untracked: flag,
  paths: list(z.string()),
  exclude: list(z.string()),
  when: text,
  artifact_type: text,
  artifact_format: text,
  expire_in: text,
});

const cache = z.object({
  key: text,
  untracked: flag,
  policy: text,
  paths: list(z.string()),
  when: text,
  fallback_keys: list(z.string()),
});

const dependency = z.object({
  id: z.number(),
  token: text,
  name: text,
  artifacts_file: z.object({ filename: text, size: integer }).nullish(),
});

const hook = z.object({ name: z.string(), script: list(z.string()) });

/** The fields of a job (`POST /api/v4/jobs/request`, 201) that this program uses. Others are kept only in the raw text. */
export const jobSchema = z.object({
  id: z.number().int(),
  token: z.string(),
  allow_git_fetch: flag,
  job_info: z.object({
    name: text,
    stage: text,
    project_id: integer,
    project_name: text,
    pipeline_id: integer,
  }),
  git_info: z.object({
    repo_url: text,
    ref: text,
    sha: text,
    before_sha: text,
    ref_type: text,
    refspecs: list(z.string()),
    depth: integer,
    repo_object_format: text,
  }),
  runner_info: z.object({ timeout: integer }).nullish(),
  variables: list(variable),
  steps: list(step),
  image: image.nullish(),
  services: list(image),
  artifacts: list(artifact),
  cache: list(cache),
  dependencies: list(dependency),
  hooks: list(hook),
  features: z
    .object({
      trace_sections: flag,
      failure_reasons: list(z.string()),
      token_mask_prefixes: list(z.string()),
    })
    .nullish(),
});

export type Job = z.infer<typeof jobSchema>;
export type JobVariable = z.infer<typeof variable>;
export type JobArtifact = z.infer<typeof artifact>;
export type JobCache = z.infer<typeof cache>;

/** A job as received: parsed, and the text that GitLab sent, for `JOB_RESPONSE_FILE`. */
export type ReceivedJob = { readonly job: Job; readonly raw: string };
