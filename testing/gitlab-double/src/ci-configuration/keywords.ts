import * as z from 'zod';

/** Commands: one, or a list with lists in it (from anchors and `!reference`). */
const commands = z
  .union([z.string(), z.array(z.unknown())])
  .transform((value) => [value].flat(10).map((line) => String(line)));

const words = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const variables = z.record(
  z.string(),
  z.union([
    z.union([z.string(), z.number(), z.boolean()]).transform((value) => ({ value: String(value) })),
    z
      .strictObject({
        value: z.union([z.string(), z.number()]).transform(String).default(''),
        description: z.string().optional(),
        expand: z.boolean().default(true),
      })
      .transform(({ value, expand }) => ({ value, ...(expand ? {} : { raw: true }) })),
  ]),
);

const docker = z.strictObject({
  platform: z.string().optional(),
  user: z.union([z.string(), z.number()]).transform(String).optional(),
});

const imageFields = {
  name: z.string(),
  entrypoint: words.optional(),
  pull_policy: words.optional(),
  docker: docker.optional(),
};

const image = z.union([z.string().transform((name) => ({ name })), z.strictObject(imageFields)]);

const service = z.union([
  z.string().transform((name) => ({ name })),
  z.strictObject({
    ...imageFields,
    alias: z.string().optional(),
    command: words.optional(),
    variables: variables.optional(),
  }),
]);

const runWhen = z.enum(['on_success', 'on_failure', 'always']);

const artifacts = z.strictObject({
  name: z.string().optional(),
  paths: words.optional(),
  exclude: words.optional(),
  untracked: z.boolean().optional(),
  when: runWhen.optional(),
  expire_in: z.string().optional(),
  reports: z.record(z.string(), words).optional(),
});

const cache = z.strictObject({
  key: z
    .union([
      z.string(),
      z.strictObject({ files: z.array(z.string()).min(1).max(2), prefix: z.string().optional() }),
    ])
    .optional(),
  unprotect: z.boolean().optional(),
  paths: words.default([]),
  untracked: z.boolean().optional(),
  policy: z
    .string()
    .regex(/^(pull-push|pull|push|\$\w+)$/, 'pull, push, pull-push or a variable')
    .optional(),
  when: runWhen.optional(),
  fallback_keys: words.optional(),
});

const codes = z.union([z.number(), z.array(z.number())]).transform((value) => [value].flat());

const retry = z.union([
  z.number().transform((max) => ({ max })),
  z.strictObject({
    max: z.number().max(2).default(1),
    when: words.optional(),
    exit_codes: codes.optional(),
  }),
]);

const rule = z.strictObject({
  if: z.string().optional(),
  when: z.enum(['on_success', 'on_failure', 'always', 'manual', 'never']).optional(),
  allow_failure: z.boolean().optional(),
  variables: variables.default({}),
});

/** `rules:`, after `!reference` and anchors have put lists into the list. */
const rules = z.preprocess((value) => (Array.isArray(value) ? value.flat(10) : value), z.array(rule));

const environment = z.union([
  z.string().transform((name) => ({ name })),
  z.strictObject({
    name: z.string(),
    url: z.string().optional(),
    action: z.enum(['start', 'prepare', 'verify', 'access']).optional(),
  }),
]);

/** Keywords that `default:` may hold, too. */
const shared = {
  image: image.optional(),
  services: z.array(service).optional(),
  before_script: commands.optional(),
  after_script: commands.optional(),
  cache: z
    .union([cache, z.array(cache)])
    .transform((value) => [value].flat())
    .optional(),
  artifacts: artifacts.optional(),
  retry: retry.optional(),
  timeout: z.string().optional(),
  interruptible: z.boolean().optional(),
  tags: words.optional(),
  id_tokens: z.record(z.string(), z.strictObject({ aud: z.string() })).optional(),
  hooks: z.strictObject({ pre_get_sources_script: commands }).optional(),
};

export const defaultSchema = z.strictObject(shared);

/** A job as written. What is not known is refused, so that no case rests on a keyword that the double does not have. */
export const jobSchema = z.strictObject({
  ...shared,
  stage: z.string().default('test'),
  script: commands,
  variables: variables.default({}),
  dependencies: z.array(z.string()).optional(),
  needs: z
    .array(
      z.union([
        z.string().transform((job) => ({ job, artifacts: true, optional: false })),
        z.strictObject({
          job: z.string(),
          artifacts: z.boolean().default(true),
          optional: z.boolean().default(false),
        }),
      ]),
    )
    .optional(),
  allow_failure: z.union([z.boolean(), z.strictObject({ exit_codes: codes })]).optional(),
  when: z.enum(['on_success', 'on_failure', 'always', 'manual']).optional(),
  rules: rules.optional(),
  environment: environment.optional(),
  resource_group: z.string().optional(),
  parallel: z
    .union([z.number().min(1).max(200), z.strictObject({ matrix: z.array(z.record(z.string(), words)) })])
    .optional(),
  inherit: z
    .strictObject({
      default: z.union([z.boolean(), z.array(z.string())]).optional(),
      variables: z.union([z.boolean(), z.array(z.string())]).optional(),
    })
    .optional(),
});

export const globalSchema = z.strictObject({
  stages: z.array(z.string()).default(['build', 'test', 'deploy']),
  variables: variables.default({}),
  default: defaultSchema.default({}),
  workflow: z.strictObject({ rules: rules.optional() }).default({}),
});

export type RuleKeywords = z.output<typeof rule>;
export type JobKeywords = z.output<typeof jobSchema>;
export type DefaultKeywords = z.output<typeof defaultSchema>;
export type ImageKeywords = z.output<typeof image>;
export type ServiceKeywords = z.output<typeof service>;
export type VariableKeywords = z.output<typeof variables>;
