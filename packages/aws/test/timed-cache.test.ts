import { beforeEach, describe, expect, it } from 'vitest';
import { createTimedCache } from '../src/calls/index.ts';

describe('a timed cache', () => {
  let time: number;
  const now = () => time;

  beforeEach(() => {
    time = 0;
  });

  it('returns a value until its age is reached, and again once it is set again', () => {
    const cache = createTimedCache<string>({ now, maxAgeMs: 100 });
    cache.set('a', 'one');
    time = 99;
    expect(cache.get('a')).toBe('one');
    time = 100;
    expect(cache.get('a')).toBeUndefined();
    cache.set('a', 'two');
    time = 199;
    expect(cache.get('a')).toBe('two');
  });

  it('keeps a value without an age', () => {
    const cache = createTimedCache<string>({ now });
    cache.set('a', 'one');
    time = Number.MAX_SAFE_INTEGER;
    expect(cache.get('a')).toBe('one');
  });

  it.each([
    ['longer than the cache’s own', 1000, [100, 999], [1000]],
    ['shorter than the cache’s own', 10, [0, 9], [10]],
    ['already over', -1, [], [0]],
  ])('accepts an age for one value: %s', (_, maxAgeMs, valid, expired) => {
    for (const at of [...valid, ...expired]) {
      time = 0;
      const cache = createTimedCache<string>({ now, maxAgeMs: 100 });
      cache.set('other', 'two');
      cache.set('a', 'one', maxAgeMs);
      time = at;
      expect([at, cache.get('a')]).toEqual([at, valid.includes(at) ? 'one' : undefined]);
    }
  });

  it('drops the value that was set first when it is full, however often it was read', () => {
    const cache = createTimedCache<number>({ now, maxEntries: 2 });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.get('a');
    cache.set('c', 3);
    expect(['a', 'b', 'c'].map(cache.get)).toEqual([undefined, 2, 3]);
    cache.set('b', 4);
    cache.set('d', 5);
    expect(['b', 'c', 'd'].map(cache.get)).toEqual([4, undefined, 5]);
  });

  it('holds 1000 values by default', () => {
    const cache = createTimedCache<number>({ now });
    for (let index = 0; index <= 1000; index += 1) cache.set(`${index}`, index);
    expect(['0', '1', '1000'].map(cache.get)).toEqual([undefined, 1, 1000]);
  });

  it('drops expired values when another one is set', () => {
    const cache = createTimedCache<string>({ now, maxAgeMs: 100 });
    cache.set('a', 'one');
    time = 100;
    cache.set('b', 'two');
    // A value that was only hidden by its age would be valid again at the earlier time.
    time = 99;
    expect(['a', 'b'].map(cache.get)).toEqual([undefined, 'two']);
  });

  it('deletes a value, and nothing else', () => {
    const cache = createTimedCache<number>({ now });
    cache.set('a', 1);
    cache.set('b', 2);
    cache.delete('a');
    cache.delete('c');
    expect(['a', 'b', 'c'].map(cache.get)).toEqual([undefined, 2, undefined]);
  });
});
