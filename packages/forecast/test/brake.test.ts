import { describe, expect, it } from 'vitest';
import { createBook, learnClaim, OFF_MS } from '../src/index.ts';
import { followers, learnPipeline, running } from './support/pipelines.ts';

const test = { project: 'p', name: 'test', isProtected: false };

/** A book of build and test, with tasks started ahead for test with these outcomes: `+` claimed, `-` unclaimed. */
function bookWith(outcomes: string, at = 0) {
  const book = createBook();
  learnPipeline(book, ['build', 'test']);
  for (const outcome of outcomes) learnClaim(book, test, outcome === '+', at);
  return book;
}

const isPredicted = (book: ReturnType<typeof createBook>, now: number) =>
  followers(book, [running('build')], { now }).length === 1;

describe('the brake', () => {
  it.each([
    ['++++++----', true],
    ['+++++-----', false],
    ['+----', true],
    ['+-----', false],
    ['+-----+++++', false],
    ['-+-+-+-+-', false],
    ['-+-+++-+++-', true],
    ['+---++++++----', true],
    ['--', true],
    ['---', false],
    ['--+--', true],
  ])('after %s allows predictions: %s', (outcomes, expected) => {
    expect(isPredicted(bookWith(outcomes), 1)).toBe(expected);
  });

  it('lasts for a day', () => {
    const book = bookWith('-----', 1000);
    expect(isPredicted(book, 1000 + OFF_MS - 1)).toBe(false);
    expect(isPredicted(book, 1000 + OFF_MS)).toBe(true);
  });

  it('applies again after one more unclaimed task', () => {
    const book = bookWith('-----');
    learnClaim(book, test, false, OFF_MS);
    expect(isPredicted(book, OFF_MS + 1)).toBe(false);
  });

  it('is reset by ten claims', () => {
    const book = bookWith('-----');
    for (let claim = 0; claim < 10; claim += 1) learnClaim(book, test, true, OFF_MS);
    learnClaim(book, test, false, OFF_MS);
    expect(isPredicted(book, OFF_MS + 1)).toBe(true);
  });

  it('ignores unknown jobs', () => {
    const book = createBook();
    learnClaim(book, test, false, 0);
    expect(book.jobs.size).toBe(0);
  });
});
