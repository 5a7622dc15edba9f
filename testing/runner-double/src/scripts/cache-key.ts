import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type BuildContext, flagOn } from '../job/build-context.ts';
import type { JobCache } from '../job/payload.ts';
import { expandValue, lookup } from '../job/variables.ts';

export type CacheLocation = {
  /** The key as shown in the log. */
  readonly key: string;
  /** Name of the archive's directory and of the object in the bucket: the key or its digest. */
  readonly name: string;
  /** Name with the opposite FF_HASH_CACHE_KEYS. The real runner also reads that cache (since 19.1). */
  readonly alternateName: string;
  /** The archive, relative to the project's directory. */
  readonly file: string;
};

export type CacheLocationResult =
  | { readonly kind: 'found'; readonly location: CacheLocation; readonly warning?: string }
  | { readonly kind: 'none'; readonly reason: string };

/** Keeps a key inside the cache directory: no `..`, backslashes, encoded separators or trailing blanks. */
function sanitizeCacheKey(key: string): string {
  const separators = key.replaceAll(/%2f/gi, '/').replaceAll(/%2e/gi, '.').replaceAll('\\', '/');
  const parts = posix.normalize(`/${separators}`).slice(1).split('/');
  while (parts.length > 0) {
    const last = (parts.pop() ?? '').trimEnd();
    if (last !== '') return [...parts, last].join('/');
  }
  return '';
}

/** Determines where a cache's archive is. The default key consists of the job's name and ref. */
export function locateCache(context: BuildContext, userKey: string): CacheLocationResult {
  const { job, directories } = context;
  if (directories.cache === '') return { kind: 'none', reason: 'unset cache directory' };
  const byDefault = posix.join('/', job.job_info.name, job.git_info.ref).slice(1);
  const requested = userKey === '' ? byDefault : expandValue(userKey, context.variables);
  const hashes = flagOn(context, 'FF_HASH_CACHE_KEYS');
  const key = hashes ? requested : sanitizeCacheKey(requested);
  if (key === '') return { kind: 'none', reason: 'empty cache key' };
  const digest = createHash('sha256').update(key).digest('hex');
  const [name, alternateName] = hashes ? [digest, key] : [key, digest];
  const archive = posix.join(directories.cache, name, 'cache.zip');
  return {
    kind: 'found',
    location: { key, name, alternateName, file: posix.relative(directories.build, archive) },
    ...(key === requested ? {} : { warning: `cache key "${requested}" sanitized to "${key}"` }),
  };
}

/** GitLab's suffix for caches of protected branches: a variable must not give access to them. */
const PROTECTED = /-protected[. ]*$/;

export type FallbackKeys = { readonly keys: readonly string[]; readonly warning?: string };

/** The fallback keys of a cache, in order. */
export function fallbackKeys(context: BuildContext, cache: JobCache): FallbackKeys {
  const expanded = cache.fallback_keys.map((key) => expandValue(key, context.variables));
  const last = lookup(context.variables, 'CACHE_FALLBACK_KEY');
  const keys = expanded.filter((key) => key !== '');
  if (last === '') return { keys };
  // As in the real runner: the sanitized key is checked, but the plain one with FF_HASH_CACHE_KEYS.
  const requested = expandValue(last, context.variables);
  const checked = flagOn(context, 'FF_HASH_CACHE_KEYS') ? requested : sanitizeCacheKey(requested);
  if (PROTECTED.test(checked)) {
    return { keys, warning: `CACHE_FALLBACK_KEY "${checked}" not allowed to end in "-protected"` };
  }
  return { keys: [...keys, last] };
}

/** All caches that the job may read or write, without duplicates. */
export function locatedCaches(context: BuildContext): CacheLocation[] {
  const keys = context.job.cache.flatMap((cache) => [cache.key, ...fallbackKeys(context, cache).keys]);
  const found = keys.map((key) => locateCache(context, key));
  const locations = found.flatMap((result) => (result.kind === 'found' ? [result.location] : []));
  return [...new Map(locations.map((location) => [location.name, location])).values()];
}
