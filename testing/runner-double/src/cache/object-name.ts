import { posix } from 'node:path';
import { shortToken } from '../config.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';

/**
 * A cache's name in the bucket: below the project that GitLab named, whatever the key says. Undefined where the runner has no
 * bucket, or for a key that would leave the project.
 * @param name the key as the archive's folder is called: a digest with FF_HASH_CACHE_KEYS
 * @param isDigest whether the name is one. Default: as the flag says
 */
export function cacheObjectName(
  context: BuildContext,
  name: string,
  isDigest = flagOn(context, 'FF_HASH_CACHE_KEYS'),
): string | undefined {
  const { runner, job } = context;
  if (runner.cache === undefined || runner.cache.s3 === undefined) return undefined;
  const namespace = runner.cache.Shared ? '' : posix.join('runner', shortToken(runner.token));
  const project = posix.join(runner.cache.Path, namespace, 'project', String(job.job_info.project_id));
  // Digests are spread over 256 prefixes, since S3 limits requests by prefix.
  const shard = isDigest ? name.slice(0, 2) : '';
  // Go's path.Join leaves no slash at the end, Node's does.
  const path = posix.join(project, shard, name).replace(/\/$/, '');
  return path.startsWith(`${project}/`) ? path.replace(/^\/+/, '') : undefined;
}
