import { posix } from 'node:path';
import { shortToken } from '../config.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';

/**
 * A cache's name in the bucket: below the project that GitLab named, whatever the key says. Undefined where the runner has no
 * bucket, or for a key that would leave the project.
 * @param name the key as the archive's folder is called: a digest with FF_HASH_CACHE_KEYS
 */
export function cacheObjectName(context: BuildContext, name: string): string | undefined {
  const { runner, job } = context;
  if (runner.cache === undefined || runner.cache.s3 === undefined) return undefined;
  const namespace = runner.cache.Shared ? '' : posix.join('runner', shortToken(runner.token));
  const project = posix.join(runner.cache.Path, namespace, 'project', String(job.job_info.project_id));
  // Digests are spread over 256 prefixes, since S3 limits requests by prefix.
  const shard = flagOn(context, 'FF_HASH_CACHE_KEYS') ? name.slice(0, 2) : '';
  const path = posix.join(project, shard, name);
  return path.startsWith(`${project}/`) ? path.replace(/^\/+/, '') : undefined;
}
