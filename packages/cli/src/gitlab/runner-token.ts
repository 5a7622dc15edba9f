import * as z from 'zod';
import { GITLAB_TIMEOUT_MS } from './gitlab-call.ts';
import { GitLabError } from './gitlab-error.ts';

/**
 * What GitLab's runner API does for whoever has a runner's authentication token; no other token is needed.
 * @see https://docs.gitlab.com/api/runners/
 */
export interface RunnerTokens {
  /** The runner's id; undefined if GitLab refuses the token. @throws {GitLabError} */
  idOf(token: string): Promise<number | undefined>;
  /** Replaces the token at once, also for machines that use it. Undefined if GitLab refuses it. @throws {GitLabError} */
  reset(token: string): Promise<string | undefined>;
  /** Deletes the runner. False if GitLab refuses the token: the runner is gone, or has another one. @throws {GitLabError} */
  removeRunner(token: string): Promise<boolean>;
}

const resetSchema = z.object({ token: z.string().min(1) });
const verifySchema = z.object({ id: z.number() });
/** GitLab notes who verifies a token as one of the runner's managers, which is removed again. */
const SYSTEM_ID = 's_serverless-gitlab-runner-cli';

/** @param url of GitLab, without a path unless GitLab has one */
export function createRunnerTokens(url: string): RunnerTokens {
  const host = url.replace(/\/+$/, '');
  const call = async (method: string, path: string, body: Record<string, string>) => {
    try {
      return await fetch(`${host}/api/v4${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(GITLAB_TIMEOUT_MS),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new GitLabError('unreachable', `${host} could not be reached: ${(cause as Error).message}`);
    }
  };
  /** @returns undefined if GitLab refuses the token */
  const accepted = async (response: Response): Promise<Response | undefined> => {
    if (response.ok) return response;
    // GitLab's API never answers with an HTML page. Firewalls and proxies do, and know nothing about the token.
    const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false;
    if ((response.status === 401 || response.status === 403) && !isPage) return undefined;
    throw new GitLabError('unreachable', `${host} answered ${response.status}: try again later`);
  };
  return {
    async idOf(token) {
      const identity = { token, system_id: SYSTEM_ID };
      const answer = await accepted(await call('POST', '/runners/verify', identity));
      if (answer === undefined) return undefined;
      const { id } = verifySchema.parse(await answer.json());
      await call('DELETE', '/runners/managers', identity);
      return id;
    },
    async reset(token) {
      const answer = await accepted(await call('POST', '/runners/reset_authentication_token', { token }));
      return answer && resetSchema.parse(await answer.json()).token;
    },
    async removeRunner(token) {
      return (await accepted(await call('DELETE', '/runners', { token }))) !== undefined;
    },
  };
}
