import { posix } from 'node:path';
import { shortToken } from '../config.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';

/**
 * A cache's object name in the bucket, always below the prefix of the job's project. Undefined if the runner has no bucket, or
 * if the key would lead outside the project.
 * @param name name of the archive's directory: the key, or its digest with FF_HASH_CACHE_KEYS
 * @param isDigest whether `name` is a digest. Default: the value of the flag
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
  // Digests are spread over 256 prefixes, since S3 limits request rates per prefix.
  const shard = isDigest ? name.slice(0, 2) : '';
  // Unlike Go's path.Join, Node's keeps a trailing slash.
  const path = posix.join(project, shard, name).replace(/\/$/, '');
  return path.startsWith(`${project}/`) ? path.replace(/^\/+/, '') : undefined;
}
