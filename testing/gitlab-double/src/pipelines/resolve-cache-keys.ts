import { createHash } from 'node:crypto';
import { lastCommitOf } from '../git/repository.ts';
import type { CacheDefinition, JobDefinition } from '../model/definitions.ts';
import type { Project } from '../model/project.ts';

/** Resolves cache keys of type `files`, as GitLab does when it creates a pipeline: lib/gitlab/ci/pipeline/seed/build/cache.rb */
export async function resolveCacheKeys(
  project: Project,
  sha: string,
  job: JobDefinition,
): Promise<JobDefinition> {
  if (job.cache === undefined) return job;
  return { ...job, cache: await Promise.all(job.cache.map((cache) => withKey(project, sha, cache))) };
}

async function withKey(project: Project, sha: string, cache: CacheDefinition): Promise<CacheDefinition> {
  const { key } = cache;
  if (typeof key !== 'object') return cache;
  const commits = await Promise.all(key.files.map((path) => lastCommitOf(project, sha, path)));
  const known = [...new Set(commits.filter((commit) => commit !== undefined))].sort();
  const digest = known.length === 0 ? 'default' : createHash('sha1').update(known.join('-')).digest('hex');
  return { ...cache, key: key.prefix ? `${key.prefix}-${digest}` : digest };
}
