import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from '../src/trace/mask.ts';
import { TokenMasker } from '../src/trace/mask-tokens.ts';

type Filter = { push(chunk: Buffer): Buffer; flush(): Buffer };

function filterAll(filter: Filter, chunks: readonly Buffer[]): string {
  const parts = chunks.map((chunk) => Buffer.from(filter.push(chunk)));
  return Buffer.concat([...parts, filter.flush()]).toString('latin1');
}

function cut(data: Buffer, at: readonly number[]): Buffer[] {
  const points = [...new Set(at.map((point) => point % (data.length + 1)))].sort((a, b) => a - b);
  return [0, ...points].map((from, index) => data.subarray(from, points[index] ?? data.length));
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('Masker', () => {
  it.each([
    ['a secret in one chunk', ['s3cret'], ['my s3cret here'], 'my [MASKED] here'],
    ['a secret split in two', ['s3cret'], ['my s3c', 'ret here'], 'my [MASKED] here'],
    ['a secret byte by byte', ['abc'], ['a', 'b', 'c'], '[MASKED]'],
    [
      'the longer of two secrets with a common start',
      ['token', 'token-long'],
      ['a token-long b'],
      'a [MASKED] b',
    ],
    [
      'the shorter secret if the longer does not match',
      ['token', 'token-long'],
      ['a token-', 'x'],
      'a [MASKED]-x',
    ],
    ['no incomplete secret at the end', ['secret'], ['it ends in sec'], 'it ends in sec'],
    ['a false start before the real one', ['aab'], ['aaab'], 'a[MASKED]'],
    ['repetitions', ['xy'], ['xyxyx', 'y'], '[MASKED][MASKED][MASKED]'],
    ['nothing for an empty secret', [''], ['text'], 'text'],
    ['a multi-line secret', ['one\ntwo'], ['is one\n', 'two!'], 'is [MASKED]!'],
  ])('masks %s', (_, secrets, chunks, expected) => {
    expect(
      filterAll(
        new Masker(secrets),
        chunks.map((chunk) => Buffer.from(chunk)),
      ),
    ).toBe(expected);
  });

  it('yields the same result however the stream is split, and shows no secret', () => {
    const letter = fc.constantFrom('a', 'b', 'c', '\n');
    const words = fc.string({ unit: letter, minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 4 }),
        fc.string({ unit: letter, maxLength: 60 }),
        cuts,
        (secrets, text, at) => {
          const whole = filterAll(new Masker(secrets), [Buffer.from(text)]);
          expect(filterAll(new Masker(secrets), cut(Buffer.from(text), at))).toBe(whole);
          for (const part of whole.split('[MASKED]')) {
            for (const secret of secrets) expect(part).not.toContain(secret);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not change other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => {
        const data = Buffer.from(bytes);
        expect(filterAll(new Masker(['never-in-there-\u{1f600}']), cut(data, at))).toBe(
          data.toString('latin1'),
        );
      }),
    );
  });
});

describe('TokenMasker', () => {
  it.each([
    ['a token', ['use glpat-abc_1.2=x now'], 'use glpat-[MASKED] now'],
    ['a token split in its prefix', ['use glp', 'at-abc now'], 'use glpat-[MASKED] now'],
    ['a token split in its value', ['glpat-ab', 'cd', 'ef!'], 'glpat-[MASKED]!'],
    ['a token split after its prefix', ['glpat-', 'abc'], 'glpat-[MASKED]'],
    ['no prefix without a value', ['the glpat- prefix'], 'the glpat- prefix'],
    ['no prefix at the end', ['glpat-'], 'glpat-'],
  ])('masks %s', (_, chunks, expected) => {
    expect(
      filterAll(
        new TokenMasker(['glpat-']),
        chunks.map((chunk) => Buffer.from(chunk)),
      ),
    ).toBe(expected);
  });

  it('yields the same result however the stream is split', () => {
    const unit = fc.constantFrom('gl', 'pat-', 'g', 'a', ' ', 'glpat-');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), cuts, (text, at) => {
        const whole = filterAll(new TokenMasker(['glpat-']), [Buffer.from(text)]);
        expect(filterAll(new TokenMasker(['glpat-']), cut(Buffer.from(text), at))).toBe(whole);
      }),
      { numRuns: 500 },
    );
  });
});
