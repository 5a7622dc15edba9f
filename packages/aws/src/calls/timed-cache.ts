/** Values that are valid for a limited time. */
export interface TimedCache<Value> {
  /** The value, or undefined if it was not set, is too old, or was dropped. */
  get(key: string): Value | undefined;
  /** @param maxAgeMs milliseconds for which this value is valid. Default: the cache's `maxAgeMs` */
  set(key: string, value: Value, maxAgeMs?: number): void;
  delete(key: string): void;
}

interface TimedCacheOptions {
  /** Milliseconds since some point. */
  now(): number;
  /** Milliseconds for which a value is valid. Default: no limit. */
  maxAgeMs?: number;
  /** Default 1000. */
  maxEntries?: number;
}

/**
 * Creates a cache that drops its oldest entries when it is full, and entries that have expired. Setting a key again makes it the
 * newest. The library `lru-cache` would add 17 KB to what every Lambda loads; this is half a KB.
 */
export function createTimedCache<Value>({
  now,
  maxAgeMs: defaultMaxAgeMs = Number.POSITIVE_INFINITY,
  maxEntries = 1000,
}: TimedCacheOptions): TimedCache<Value> {
  const entries = new Map<string, { value: Value; expiresAt: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (now() < entry.expiresAt) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, maxAgeMs = defaultMaxAgeMs) {
      const setAt = now();
      // Deleting first moves the key to the end: a Map iterates in order of insertion.
      entries.delete(key);
      entries.set(key, { value, expiresAt: setAt + maxAgeMs });
      for (const [oldest, { expiresAt }] of entries) {
        if (entries.size <= maxEntries && setAt < expiresAt) break;
        entries.delete(oldest);
      }
    },
    delete: (key) => void entries.delete(key),
  };
}
