import * as z from 'zod';

const environmentSchema = z.object({
  /** Base URL of your own GitLab, required by `npm run sandbox`. */
  SANDBOX_GITLAB_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Authentication token (`glrt-…`) of a runner in that GitLab. */
  SANDBOX_RUNNER_TOKEN: z.string().min(1).optional(),
  /** Path of a gitlab-runner binary (static, or for glibc) for manager and helper images. Default: see runner-base-image.ts. */
  GITLAB_RUNNER_BIN: z.string().min(1).optional(),
  /** The same for ARM64, needed for jobs on it if GITLAB_RUNNER_BIN is for another architecture. Default: they are skipped. */
  GITLAB_RUNNER_BIN_ARM64: z.string().min(1).optional(),
  /** Image to take /usr/bin/gitlab-runner from instead. */
  SANDBOX_RUNNER_IMAGE: z.string().min(1).optional(),
  /** Image of the AWS emulator. Default: built from testing/aws-emulator/image. */
  SANDBOX_EMULATOR_IMAGE: z.string().min(1).optional(),
  /** Tag of the images that are built here. Two checkouts that run on one machine need different tags. Default `local`. */
  SANDBOX_IMAGE_TAG: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,40}$/, 'a tag: lower-case letters, digits and ._-')
    .default('local'),
});

export type SandboxEnvironment = z.infer<typeof environmentSchema>;

/** An environment variable has an invalid value. The message names the variable. */
export class InvalidEnvironmentError extends Error {
  override readonly name = 'InvalidEnvironmentError';
}

/**
 * Reads the sandbox's environment variables. Empty ones count as unset.
 * @throws {InvalidEnvironmentError}
 */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): SandboxEnvironment {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) throw new InvalidEnvironmentError(z.prettifyError(parsed.error));
  return parsed.data;
}
