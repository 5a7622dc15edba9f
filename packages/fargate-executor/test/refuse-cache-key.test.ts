import { describe, expect, it } from 'vitest';
import { refuseCacheKey } from '../src/job/refuse-cache-key.ts';

const refuse = (key: string) => () => refuseCacheKey(new Map([['CACHE_FALLBACK_KEY', key]]));

describe('a CACHE_FALLBACK_KEY', () => {
  it.each([
    'deps-protected/',
    'deps-protected/.',
    'deps-protected/ ',
    './x/../deps-protected/y/..',
    'a/b-protected//./',
    'deps-protected%2f',
    'deps-protected\\.',
    '../deps-protected/.',
  ])('%j is refused: it is a protected cache once its path is cleaned', (key) => {
    expect(refuse(key)).toThrow('it names a cache of protected branches');
  });

  it.each(['', 'deps', 'deps-non_protected', 'deps-protected/x', 'x-protected/../deps', 'deps-protected'])(
    '%j is left to the runner',
    (key) => {
      expect(refuse(key)).not.toThrow();
    },
  );
});
