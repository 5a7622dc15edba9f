import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { ConfigurationFileError, messageOf } from './errors.ts';

const seconds = z.number().int().optional();

const customSchema = z.looseObject({
  config_exec: z.string().default(''),
  config_args: z.array(z.string()).default([]),
  config_exec_timeout: seconds,
  prepare_exec: z.string().default(''),
  prepare_args: z.array(z.string()).default([]),
  prepare_exec_timeout: seconds,
  run_exec: z.string().default(''),
  run_args: z.array(z.string()).default([]),
  cleanup_exec: z.string().default(''),
  cleanup_args: z.array(z.string()).default([]),
  cleanup_exec_timeout: seconds,
  graceful_kill_timeout: seconds,
  force_kill_timeout: seconds,
});

const cacheS3Schema = z.looseObject({
  ServerAddress: z.string().default(''),
  AccessKey: z.string().default(''),
  SecretKey: z.string().default(''),
  SessionToken: z.string().default(''),
  BucketName: z.string().min(1, 'must not be empty'),
  BucketLocation: z.string().default(''),
  Insecure: z.boolean().default(false),
  AuthenticationType: z.enum(['', 'iam', 'access-key']).default(''),
  PathStyle: z.boolean().optional(),
});

const cacheSchema = z.looseObject({
  Type: z.enum(['s3', 's3v2'], 'must be s3 or s3v2, the only types that the runner double supports'),
  Path: z.string().default(''),
  Shared: z.boolean().default(false),
  /** Bytes; 0 for no limit. */
  MaxUploadedArchiveSize: z.number().int().min(0).default(0),
  s3: cacheS3Schema.optional(),
});

const runnerSchema = z.looseObject({
  name: z.string().default(''),
  url: z.string().default(''),
  token: z.string().default(''),
  executor: z.string().default(''),
  shell: z.enum(['bash', 'sh']).default('bash'),
  builds_dir: z.string().default(''),
  cache_dir: z.string().default(''),
  clone_url: z.string().default(''),
  'tls-ca-file': z.string().default(''),
  environment: z.array(z.string()).default([]),
  limit: z.number().int().min(0).default(0),
  request_concurrency: z.number().int().default(1),
  strict_check_interval: z.boolean().default(false),
  output_limit: z.number().int().min(0).default(0),
  unhealthy_requests_limit: z.number().int().default(3),
  unhealthy_interval: z.string().default('60m'),
  feature_flags: z.record(z.string(), z.boolean()).default({}),
  custom_build_dir: z.looseObject({ enabled: z.boolean().default(false) }).optional(),
  custom: customSchema.optional(),
  cache: cacheSchema.optional(),
});

const configSchema = z.looseObject({
  concurrent: z.number().int().min(1, 'must be at least 1, otherwise no job runs'),
  check_interval: z.number().int().default(0),
  shutdown_timeout: z.number().int().default(0),
  listen_address: z.string().default(''),
  log_level: z.enum(['debug', 'info', 'warning', 'error', 'fatal']).optional(),
  log_format: z.enum(['runner', 'text', 'json']).optional(),
  runners: z.array(runnerSchema).default([]),
});

export type CacheS3Config = z.infer<typeof cacheS3Schema>;
export type CustomConfig = z.infer<typeof customSchema>;
export type RunnerConfig = z.infer<typeof runnerSchema>;
export type RunnerFileConfig = z.infer<typeof configSchema>;

/** Defaults of the real runner, in milliseconds (docs/configuration/advanced-configuration.md). */
const DEFAULTS = { checkInterval: 3000, shutdownTimeout: 30_000 } as const;

/**
 * Parses a `config.toml`. Unknown keys are ignored: the file is written for the real runner.
 * @throws ConfigurationFileError with the file and key
 */
export function parseConfig(text: string, file = 'config.toml'): RunnerFileConfig {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    throw new ConfigurationFileError(`${file} is not valid TOML: ${messageOf(error)}`);
  }
  const result = configSchema.safeParse(raw);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new ConfigurationFileError(`${file} is invalid: ${problems}`);
}

/** Reads and parses a configuration file. @throws ConfigurationFileError */
export async function readConfig(file: string): Promise<RunnerFileConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigurationFileError(`${file} cannot be read: ${messageOf(error)}`);
  }
  return parseConfig(text, file);
}

/** Milliseconds between two rounds of job requests. */
export function checkInterval(config: RunnerFileConfig): number {
  return config.check_interval > 0 ? config.check_interval * 1000 : DEFAULTS.checkInterval;
}

/** Milliseconds that a forceful shutdown waits for jobs to end. */
export function shutdownTimeout(config: RunnerFileConfig): number {
  return config.shutdown_timeout > 0 ? config.shutdown_timeout * 1000 : DEFAULTS.shutdownTimeout;
}

/** The first nine characters of a token without its type prefix. It identifies a runner in logs, metrics and directories. */
export function shortToken(token: string): string {
  return token
    .replace(/^glrt-(t[123]_)?|^t[123]_|^glrtr-/, '')
    .replace(/^glcbt-/, '')
    .replace(/^GR[0-9A-Fa-f]{7}/, '')
    .slice(0, 9);
}
