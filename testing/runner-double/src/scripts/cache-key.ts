import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type BuildContext, flagOn } from '../job/build-context.ts';
import type { JobCache } from '../job/payload.ts';
import { expandValue, lookup } from '../job/variables.ts';

export type CacheLocation = {
  /** As the log names it. */
  readonly key: string;
  /** What the archive's folder is called, and the object in a bucket: the key or its digest. */
  readonly name: string;
  /** What it would be called with FF_HASH_CACHE_KEYS the other way round: the real runner reads such a cache, too (since 19.1). */
  readonly alternateName: string;
  /** The archive, relative to the project's directory. */
  readonly file: string;
};

export type CacheLocationResult =
  | { readonly kind: 'found'; readonly location: CacheLocation; readonly warning?: string }
  | { readonly kind: 'none'; readonly why: string };

/** Keeps a key inside of the cache directory: no `..`, no backslash, no encoded separators, no trailing blanks. */
function sanitizeCacheKey(key: string): string {
  const separators = key.replaceAll(/%2f/gi, '/').replaceAll(/%2e/gi, '.').replaceAll('\\', '/');
  const parts = posix.normalize(`/${separators}`).slice(1).split('/');
  while (parts.length > 0) {
    const last = (parts.pop() ?? '').trimEnd();
    if (last !== '') return [...parts, last].join('/');
  }
  return '';
}

/** Where a cache's archive is. Without a key it is the job's name and ref. */
export function locateCache(context: BuildContext, userKey: string): CacheLocationResult {
  const { job, directories } = context;
  if (directories.cache === '') return { kind: 'none', why: 'unset cache directory' };
  const byDefault = posix.join('/', job.job_info.name, job.git_info.ref).slice(1);
  const wanted = userKey === '' ? byDefault : expandValue(userKey, context.variables);
  const hashes = flagOn(context, 'FF_HASH_CACHE_KEYS');
  const key = hashes ? wanted : sanitizeCacheKey(wanted);
  if (key === '') return { kind: 'none', why: 'empty cache key' };
  const digest = createHash('sha256').update(key).digest('hex');
  const [name, alternateName] = hashes ? [digest, key] : [key, digest];
  const archive = posix.join(directories.cache, name, 'cache.zip');
  return {
    kind: 'found',
    location: { key, name, alternateName, file: posix.relative(directories.build, archive) },
    ...(key === wanted ? {} : { warning: `cache key "${wanted}" sanitized to "${key}"` }),
  };
}

/** Only GitLab itself names caches of protected branches so: who may set a variable must not read them. */
const PROTECTED = /-protected[. ]*$/;

export type FallbackKeys = { readonly keys: readonly string[]; readonly warning?: string };

/** The keys to try after a cache's own, in their order. */
export function fallbackKeys(context: BuildContext, cache: JobCache): FallbackKeys {
  const expanded = cache.fallback_keys.map((key) => expandValue(key, context.variables));
  const last = lookup(context.variables, 'CACHE_FALLBACK_KEY');
  const keys = expanded.filter((key) => key !== '');
  if (last === '') return { keys };
  // As the real one looks at it: cleaned of what a path would lose, but not so with FF_HASH_CACHE_KEYS.
  const wanted = expandValue(last, context.variables);
  const checked = flagOn(context, 'FF_HASH_CACHE_KEYS') ? wanted : sanitizeCacheKey(wanted);
  if (PROTECTED.test(checked)) {
    return { keys, warning: `CACHE_FALLBACK_KEY "${checked}" not allowed to end in "-protected"` };
  }
  return { keys: [...keys, last] };
}

/** Every cache that the job may read or write, each once. */
export function locatedCaches(context: BuildContext): CacheLocation[] {
  const keys = context.job.cache.flatMap((cache) => [cache.key, ...fallbackKeys(context, cache).keys]);
  const found = keys.map((key) => locateCache(context, key));
  const locations = found.flatMap((result) => (result.kind === 'found' ? [result.location] : []));
  return [...new Map(locations.map((location) => [location.name, location])).values()];
}
