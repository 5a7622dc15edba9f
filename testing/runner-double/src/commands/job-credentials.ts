import type { Environment } from '../environment.ts';
import { trustAuthorities } from '../network/trust-authorities.ts';
import type { Arguments, OptionKind } from './arguments.ts';

/** The job whose artifacts are transferred, and the token for it. */
export type JobCredentials = { readonly id: number; readonly token: string; readonly url: string };

export const CREDENTIAL_OPTIONS = {
  id: 'text',
  token: 'text',
  url: 'text',
  'tls-ca-file': 'text',
  'tls-cert-file': 'text',
  'tls-key-file': 'text',
} as const satisfies Record<string, OptionKind>;

/** Reads the options, with the job's variables as defaults; undefined if one is missing. Trusts GitLab's authorities. */
export function readCredentials(args: Arguments, environment: Environment): JobCredentials | undefined {
  trustAuthorities(args.text('tls-ca-file') || environment.CI_SERVER_TLS_CA_FILE);
  const id = Number(args.text('id') || environment.CI_JOB_ID);
  const token = args.text('token') || environment.CI_JOB_TOKEN;
  const url = args.text('url') || environment.CI_SERVER_URL;
  return Number.isInteger(id) && id > 0 && token !== '' && url !== '' ? { id, token, url } : undefined;
}
