import { messageOf } from '../errors.ts';
import type { BuildContext } from '../job/build-context.ts';
import type { Logger } from '../log.ts';
import { locatedCaches } from '../scripts/cache-key.ts';
import { readCredentials } from './credentials.ts';
import { cacheObjectName } from './object-name.ts';
import { presign } from './presign.ts';

/** How a stage's script reaches one cache. */
export type CacheUrl = {
  readonly get: string;
  readonly put: string;
  /** `Name: value`, signed into `put`. */
  readonly putHeaders: readonly string[];
};

/** By the name of the archive's folder; without an entry a cache stays on the disk. */
export type CacheUrls = ReadonlyMap<string, CacheUrl>;

export const NO_CACHE_URLS: CacheUrls = new Map();

/**
 * Signs URLs for the caches that the job names, each for one object and one method, in the name of who runs this program. Where
 * that fails the job goes on without, as in the real one.
 */
export async function signCacheUrls(
  context: BuildContext,
  environment: Readonly<Record<string, string>>,
  log: Logger,
): Promise<CacheUrls> {
  const s3 = context.runner.cache?.s3;
  const caches = locatedCaches(context);
  if (s3 === undefined || caches.length === 0) return NO_CACHE_URLS;
  try {
    const credentials = await readCredentials(s3, environment);
    const urls = new Map<string, CacheUrl>();
    for (const { key, name } of caches) {
      const object = cacheObjectName(context, name);
      if (object === undefined) {
        log.error('Error while generating cache bucket.', {
          error: 'computed cache path outside of project bucket',
        });
        continue;
      }
      const seconds = context.timeoutSeconds;
      const headers = isHeaderValue(key) ? { 'x-amz-meta-cachekey': key } : undefined;
      urls.set(name, {
        get: await presign(s3, credentials, { method: 'GET', object, seconds }),
        put: await presign(s3, credentials, { method: 'PUT', object, seconds, ...(headers && { headers }) }),
        putHeaders: Object.entries(headers ?? {}).map(([header, value]) => `${header}: ${value}`),
      });
    }
    return urls;
  } catch (error) {
    log.error('error while generating S3 pre-signed URL', { error: messageOf(error) });
    return NO_CACHE_URLS;
  }
}

function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
}
