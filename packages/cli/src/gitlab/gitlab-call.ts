import { GitbeakerRequestError } from '@gitbeaker/rest';
import type * as z from 'zod';
import { GitLabError } from './gitlab-error.ts';

/** Milliseconds until a call to GitLab counts as failed. */
export const GITLAB_TIMEOUT_MS = 20_000;

/** What a token needs to change runners and webhooks. */
export const MAY_CHANGE = 'the scope api and the role of a Maintainer (for a group: Owner)';

/** What is asked, for the messages of failures. */
export interface GitLabQuestion {
  /** GitLab's URL. */
  host: string;
  /** The answer to "does not show …", or "does not allow …". */
  what: string;
  /** What the token needs: `the scope read_api`. */
  needs: string;
}

/** Calls GitLab and parses its answer. @throws {GitLabError} that says what to do */
export async function callGitLab<Schema extends z.ZodType>(
  question: GitLabQuestion,
  schema: Schema,
  call: () => Promise<unknown>,
): Promise<z.infer<Schema>> {
  try {
    return schema.parse(await call());
  } catch (error) {
    throw explained(error, question);
  }
}

function explained(error: unknown, { host, what, needs }: GitLabQuestion): GitLabError {
  const status = error instanceof GitbeakerRequestError ? error.cause?.response.status : undefined;
  const description = error instanceof GitbeakerRequestError ? error.cause?.description : undefined;
  if (status === 401)
    return new GitLabError('refused', `${host} refuses GITLAB_TOKEN: create a token with ${needs}`);
  if (status === 403)
    return new GitLabError('refused', `${host} does not show ${what}: GITLAB_TOKEN needs ${needs}`);
  if (status === 404)
    return new GitLabError(
      'not-found',
      `${host} knows no such project or job, or does not show ${what} to GITLAB_TOKEN`,
    );
  if (status === 422 || status === 400)
    return new GitLabError('rejected', `${host} rejects ${what}: ${description ?? 'no reason given'}`);
  const reason = error instanceof Error ? error.message : String(error);
  return new GitLabError('unreachable', `${host} could not be asked for ${what}: ${reason}`);
}
