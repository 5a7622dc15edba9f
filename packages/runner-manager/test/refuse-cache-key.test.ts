import { describe, expect, it } from 'vitest';
import { refuseCacheKey } from '../src/job/request/refuse-cache-key.ts';

const LONGEST = 'x'.repeat(1024);
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
    'deps-protected/. ',
    'deps-protected/x/.. ',
    'deps-protected/ /..',
    'deps-protected/. /',
    'deps-protected/%2e%20',
    'deps-protected/.\t',
    'deps-protected/.\u00a0',
    'deps-protected/x/ ..',
    'deps-protected.',
    'deps-protected ',
    'deps-protected\u0085',
    'deps-protected/$TAIL',
    'deps$TAIL',
    'a-protected/b-protected',
    'deps-protected/x',
    'x-protected/../deps',
  ])('%j is refused: some release may clean it into the key of a protected cache', (key) => {
    expect(refuse(key)).toThrow('which may name a cache of protected branches');
  });

  it.each([
    '',
    LONGEST,
    'deps',
    'deps-non_protected',
    'deps-protected',
    'deps-protected-too',
    'my deps/1',
    'deps-protected_2',
  ])('%j is left to the runner', (key) => {
    expect(refuse(key)).not.toThrow();
  });

  it('that is unset is left to the runner', () => {
    expect(() => refuseCacheKey(new Map())).not.toThrow();
  });

  it('is refused if it is longer than any name in S3', () => {
    expect(refuse(`${LONGEST}x`)).toThrow('CACHE_FALLBACK_KEY "xx');
  });
});
