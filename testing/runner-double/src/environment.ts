import * as z from 'zod';

const schema = z.object({
  CONFIG_FILE: z.string().default('/etc/gitlab-runner/config.toml'),
  LISTEN_ADDRESS: z.string().default(''),
  LOG_LEVEL: z.enum(['debug', 'info', 'warning', 'error', 'fatal']).catch('info'),
  LOG_FORMAT: z.enum(['runner', 'text', 'json']).catch('runner'),
  TMPDIR: z.string().min(1).catch('/tmp'),
  CI_JOB_ID: z.string().default(''),
  CI_JOB_TOKEN: z.string().default(''),
  CI_SERVER_URL: z.string().default(''),
  CI_SERVER_TLS_CA_FILE: z.string().default(''),
});

export type Environment = z.infer<typeof schema> & {
  /** The whole environment of the process. Hooks inherit it; artifact names and paths are expanded with it. */
  readonly inherited: Readonly<Record<string, string>>;
};

/** Reads the environment. No other code of this package does. */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) if (value !== undefined) inherited[name] = value;
  return { ...schema.parse(inherited), inherited };
}
