import * as z from 'zod';
import { FAILURE_REASONS } from './failure-reasons.ts';

/** A runner's description of itself. Loose: newer runners may add fields, which are recorded and not rejected. */
const runnerInfoSchema = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  revision: z.string().optional(),
  platform: z.string().optional(),
  architecture: z.string().optional(),
  executor: z.string().optional(),
  shell: z.string().optional(),
  features: z.record(z.string(), z.boolean()).optional(),
  config: z.looseObject({ gpus: z.string().optional() }).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

export type RunnerInfo = z.infer<typeof runnerInfoSchema>;

/** A token in the body. Optional: newer runners also send it as a header. */
const token = z.string().optional();
const systemId = z.string().max(64).optional();

export const jobRequestSchema = z.looseObject({
  token,
  system_id: systemId,
  last_update: z.string().optional(),
  info: runnerInfoSchema.optional(),
  session: z
    .looseObject({
      url: z.string().optional(),
      certificate: z.string().optional(),
      authorization: z.string().optional(),
    })
    .optional(),
  job_age: z.int().optional(),
});

export const verifySchema = z.looseObject({ token, system_id: systemId, info: runnerInfoSchema.optional() });

export const unregisterSchema = z.looseObject({ token });

export const unregisterManagerSchema = z.looseObject({ token, system_id: z.string().min(1).max(64) });

export const registerSchema = z.looseObject({
  token,
  description: z.string().optional(),
  maintenance_note: z.string().optional(),
  tag_list: z.union([z.string(), z.array(z.string())]).optional(),
  run_untagged: z.boolean().optional(),
  locked: z.boolean().optional(),
  access_level: z.enum(['not_protected', 'ref_protected', '']).optional(),
  maximum_timeout: z.int().optional(),
  paused: z.boolean().optional(),
  active: z.boolean().optional(),
  info: runnerInfoSchema.optional(),
});

const checksum = z.string().regex(/^crc32:[0-9a-f]{8}$/);

export const updateJobSchema = z.looseObject({
  token,
  info: runnerInfoSchema.optional(),
  state: z.enum(['pending', 'running', 'success', 'failed']),
  // Any text, as in GitLab's API: gitlab-runner reports a job that was canceled before its start with its own reason.
  failure_reason: z
    .enum(FAILURE_REASONS)
    .or(z.string().transform(() => 'unknown_failure' as const))
    .optional(),
  checksum: checksum.optional(),
  output: z
    .looseObject({ checksum: checksum.optional(), bytesize: z.int().nonnegative().optional() })
    .optional(),
  exit_code: z.int().optional(),
  runtime_environment_key: z.string().optional(),
});

export type UpdateJob = z.infer<typeof updateJobSchema>;

/** Paths of the fields in `value` that `schema` lacks, such as `output.colour`. */
export function unknownFields(schema: z.ZodType, value: unknown, prefix = ''): string[] {
  const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (!(bare instanceof z.ZodObject) || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field: unknown = bare.shape[key];
    if (!(field instanceof z.ZodType)) return [`${prefix}${key}`];
    return unknownFields(field, inner, `${prefix}${key}.`);
  });
}
