import { failureName } from '@serverless-gitlab-runner/aws/calls';
import type { Fetch } from '@serverless-gitlab-runner/aws/https';
import type * as z from 'zod';

/** Why GitLab's API gave no usable answer. */
export type GitLabRefusal =
  | 'token-unusable'
  | 'unauthorized'
  | 'not-found'
  | 'redirected'
  | 'too-large'
  | 'unreadable'
  | 'failing'
  | 'unreachable';

export type GitLabAnswer<Value> =
  | { kind: 'ok'; value: Value }
  | { kind: 'failed'; why: GitLabRefusal; detail: string };

export interface GitLabRequest<Value> {
  /** Base URL of the fleet's GitLab. The token is sent nowhere else, whatever a webhook says. */
  gitlabUrl: string;
  /** Path below `/api/v4`, with a leading slash. */
  path: string;
  token: string;
  schema: z.ZodType<Value>;
  /** Milliseconds within which the whole answer, including its body, must arrive. */
  timeoutMs: number;
  fetch: Fetch;
}

/** A job takes a few KiB, a page of 100 jobs a few hundred. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** Characters that an HTTP header accepts. Checked here because fetch's own error would repeat the token. */
const TOKEN = /^[\x21-\x7e]{1,1000}$/;

/** Whether a retry may help. */
export function isTransient(why: GitLabRefusal): boolean {
  return why === 'failing' || why === 'unreachable';
}

/**
 * Sends one request to GitLab's REST API. It never throws, follows no redirect (the token would be sent along), and reads at
 * most 2 MiB. A failure never contains the token, even if GitLab's answer does.
 * @see https://docs.gitlab.com/api/rest/authentication/
 */
export async function askGitLab<Value>(request: GitLabRequest<Value>): Promise<GitLabAnswer<Value>> {
  const { gitlabUrl, path, token, schema, timeoutMs, fetch } = request;
  if (!TOKEN.test(token)) return failed('token-unusable', 'the parameter does not contain a token');
  try {
    const response = await fetch(`${gitlabUrl.replace(/\/+$/, '')}/api/v4${path}`, {
      headers: { 'private-token': token, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return failed(refusalOf(response.status), `HTTP ${response.status}`);
    }
    const body = await readBounded(response);
    return body === undefined
      ? failed('too-large', `more than ${MAX_BODY_BYTES} bytes`)
      : parse(body, schema);
  } catch (error) {
    return failed('unreachable', reasonOf(error));
  }
}

function failed(why: GitLabRefusal, detail: string): { kind: 'failed'; why: GitLabRefusal; detail: string } {
  return { kind: 'failed', why, detail };
}

function refusalOf(status: number): GitLabRefusal {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not-found';
  if (status >= 300 && status < 400) return 'redirected';
  return status === 429 || status >= 500 ? 'failing' : 'unreadable';
}

async function readBounded({ body }: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    // Returning from the loop cancels the rest of the body.
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse<Value>(body: string, schema: z.ZodType<Value>): GitLabAnswer<Value> {
  try {
    const parsed = schema.safeParse(JSON.parse(body));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    const fields = parsed.error.issues.slice(0, 3).map(({ path }) => path.join('.'));
    return failed('unreadable', `unexpected format: ${fields.join(', ')}`);
  } catch {
    return failed('unreadable', 'not JSON');
  }
}

/** Node's code (ECONNREFUSED …) is in the cause. Messages are left out, since they may repeat what was sent. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return failureName(error);
}
