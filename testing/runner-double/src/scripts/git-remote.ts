import { posix } from 'node:path';
import type { BuildContext } from '../job/build-context.ts';
import { contentOf } from '../job/variables.ts';

/** git configuration with the job token, stored outside the working directory and included in its configuration. */
export const EXTERNAL_GIT_CONFIG = '.gitlab-runner.ext.conf';
/** Variable with the file's absolute path while a script runs. */
export const EXTERNAL_GIT_CONFIG_VARIABLE = 'GLR_EXT_GIT_CONFIG_PATH';

export type GitRemote = {
  /** Without credentials, as stored in the working directory. */
  readonly url: string;
  /** Pairs for git's `url.<with credentials>.insteadOf <without>`. */
  readonly rewrites: readonly (readonly [withCredentials: string, without: string])[];
};

function withToken(url: URL, token: string): URL {
  const copy = new URL(url);
  copy.username = 'gitlab-ci-token';
  copy.password = token;
  return copy;
}

function withoutCredentials(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy;
}

/** `http://host` without the slash that `URL` appends: it must match the start of any URL of that host. */
function origin(url: URL): string {
  const text = url.toString();
  return url.pathname === '/' ? text.slice(0, -1) : text;
}

/**
 * The remote to fetch from: the job's URL or, if `clone_url` is configured, that with the project's path. Other projects of the
 * same server (submodules) are accessed with the job token too.
 */
export function gitRemote(context: BuildContext): GitRemote {
  const { job, runner } = context;
  const repository = new URL(job.git_info.repo_url);
  const base = new URL(runner.clone_url === '' ? runner.url : runner.clone_url);
  const authenticated =
    runner.clone_url === ''
      ? repository
      : withToken(
          new URL(posix.join(base.pathname, `${contentOf(context.variables, 'CI_PROJECT_PATH')}.git`), base),
          job.token,
        );
  const url = withoutCredentials(authenticated).toString();
  const repositoryBase = new URL('/', withoutCredentials(repository));
  const rewrites: [string, string][] = [
    [authenticated.toString(), url],
    [origin(withToken(base, job.token)), origin(base)],
    [origin(withToken(repositoryBase, job.token)), origin(repositoryBase)],
  ];
  const distinct = new Map(rewrites.map(([from, to]) => [`${from} ${to}`, [from, to] as const]));
  return { url, rewrites: [...distinct.values()].filter(([from, to]) => from !== to) };
}
