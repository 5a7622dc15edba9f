/** A map with a maximum size and age: it drops its oldest entry when it is full, and entries that have expired. */
export interface BoundedMap<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/**
 * @param now milliseconds since 1970
 */
export function createBoundedMap<Value>(
  { maxEntries, maxAgeMs }: { maxEntries: number; maxAgeMs: number },
  now: () => number,
): BoundedMap<Value> {
  const entries = new Map<string, { value: Value; setAt: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (now() - entry.setAt < maxAgeMs) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value) {
      // Deleting first moves the key to the end: a Map iterates in order of insertion.
      entries.delete(key);
      entries.set(key, { value, setAt: now() });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
}
