import type { CacheS3Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import { type BuildContext, flagOn } from '../job/build-context.ts';
import type { Logger } from '../log.ts';
import { type CacheLocation, locatedCaches } from '../scripts/cache-key.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import { cacheObjectName } from './object-name.ts';
import { presign } from './presign.ts';

/** URLs with which a stage's script reads an object. */
export type ReadUrl = {
  readonly get: string;
  /** For its modification time: S3 accepts a URL only with the method that it was signed for. */
  readonly head: string;
};

/** URLs with which a stage's script accesses a cache. */
export type CacheUrl = ReadUrl & {
  /** The cache under its name with the opposite FF_HASH_CACHE_KEYS; undefined if the key would lead outside the project. */
  readonly alternate: ReadUrl | undefined;
  readonly put: string;
  /** `Name: value`, signed into `put`. */
  readonly putHeaders: readonly string[];
};

/** By name of the archive's directory. A cache without an entry stays on disk. */
export type CacheUrls = ReadonlyMap<string, CacheUrl>;

export const NO_CACHE_URLS: CacheUrls = new Map();

/**
 * Signs URLs for the job's caches, each for one object and one method, with the credentials of this process. If that fails, the
 * job continues without them, as in the real runner.
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
    for (const location of caches) {
      const { key, name } = location;
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
        ...(await signRead(s3, credentials, object, seconds)),
        alternate: await signAlternate(context, s3, credentials, location),
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

async function signRead(
  s3: CacheS3Config,
  credentials: Credentials,
  object: string,
  seconds: number,
): Promise<ReadUrl> {
  return {
    get: await presign(s3, credentials, { method: 'GET', object, seconds }),
    head: await presign(s3, credentials, { method: 'HEAD', object, seconds }),
  };
}

/** For reading only: the job writes to the name selected by the flag. */
async function signAlternate(
  context: BuildContext,
  s3: CacheS3Config,
  credentials: Credentials,
  { alternateName }: CacheLocation,
): Promise<ReadUrl | undefined> {
  const object = cacheObjectName(context, alternateName, !flagOn(context, 'FF_HASH_CACHE_KEYS'));
  return object === undefined ? undefined : signRead(s3, credentials, object, context.timeoutSeconds);
}

function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
}
