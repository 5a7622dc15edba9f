import * as z from 'zod';
import { messageOf } from '../errors.ts';

const schema = z.object({
  driver: z.object({ name: z.string().nullish(), version: z.string().nullish() }).nullish(),
  hostname: z.string().nullish(),
  builds_dir: z.string().nullish(),
  cache_dir: z.string().nullish(),
  builds_dir_is_shared: z.boolean().nullish(),
  job_env: z.record(z.string(), z.string()).nullish(),
  shell: z.enum(['bash', 'sh']).nullish(),
});

/** The config hook's output. Empty output changes nothing. */
export type ConfigOutput = z.infer<typeof schema>;

/** @throws Error (a system failure) if the output is neither empty nor such an object */
export function parseConfigOutput(output: string): ConfigOutput {
  if (output === '') return {};
  try {
    return schema.parse(JSON.parse(output));
  } catch (error) {
    throw new Error(`error while parsing JSON output: ${messageOf(error)}`);
  }
}

/** The line with the driver's name in the job log. */
export function startupMessage(output: ConfigOutput): string {
  const { name, version } = output.driver ?? {};
  if (name === undefined || name === null) return 'Using Custom executor...';
  return `Using Custom executor with driver ${[name, version].filter(Boolean).join(' ')}...`;
}
