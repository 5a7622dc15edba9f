import { posix } from 'node:path';
import { BuildError } from '../errors.ts';
import type { Job } from './payload.ts';

export type Directories = {
  /** `builds_dir` */
  readonly root: string;
  /** The project's working directory. */
  readonly build: string;
  readonly cache: string;
};

/** For the config hook, which runs before the directories are known. */
export const NO_DIRECTORIES: Directories = { root: '', build: '', cache: '' };

/** `group/project` from the repository's URL, as a path that cannot lead outside its parent. */
function projectSlug(job: Job): string {
  const fallback = `project-${job.job_info.project_id}`;
  if (!URL.canParse(job.git_info.repo_url)) return fallback;
  const path = posix.normalize(new URL(job.git_info.repo_url).pathname.replace(/\.git$/, ''));
  return path === '.' || path.includes('..') ? fallback : path;
}

export type DirectoryFacts = {
  readonly job: Job;
  readonly buildsDir: string;
  readonly cacheDir: string;
  /** From the config hook: concurrent jobs share one `builds_dir`, so each needs a subdirectory. */
  readonly shared: boolean;
  readonly shortToken: string;
  readonly concurrentProjectId: number;
  readonly gitClonePath: string;
  /** `[runners.custom_build_dir] enabled`. */
  readonly clonePathAllowed: boolean;
  readonly emptyStrategy: boolean;
};

/** @throws BuildError if a directory is missing or not allowed */
export function planDirectories(facts: DirectoryFacts): Directories {
  if (facts.buildsDir === '') {
    throw new BuildError('runner_configuration_error', 'the builds_dir is not configured');
  }
  if (facts.cacheDir === '') {
    throw new BuildError('runner_configuration_error', 'the cache_dir is not configured');
  }
  if (facts.gitClonePath !== '' && !facts.clonePathAllowed) {
    throw new BuildError(
      'runner_configuration_error',
      'setting GIT_CLONE_PATH is not allowed, enable `custom_build_dir` feature',
    );
  }
  const slug = projectSlug(facts.job) + (facts.emptyStrategy ? '-empty' : '');
  const unique = facts.shared ? posix.join(facts.shortToken, String(facts.concurrentProjectId), slug) : slug;
  return {
    root: facts.buildsDir,
    build: clonePath(facts) ?? posix.join(facts.buildsDir, unique),
    cache: posix.join(facts.cacheDir, slug),
  };
}

/** GIT_CLONE_PATH, which the real runner accepts only below `builds_dir`. */
function clonePath({ gitClonePath, buildsDir }: DirectoryFacts): string | undefined {
  if (gitClonePath === '') return undefined;
  const path = posix.normalize(gitClonePath);
  if (path.startsWith(`${posix.normalize(buildsDir)}/`)) return path;
  throw new BuildError(
    'runner_configuration_error',
    `the GIT_CLONE_PATH="${path}" has to be within "${buildsDir}"`,
  );
}
