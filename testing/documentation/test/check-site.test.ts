import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from '../../../scripts/docs/check-site.mjs';

let site: string;

beforeEach(() => {
  site = mkdtempSync(join(tmpdir(), 'site-'));
});

afterEach(() => rmSync(site, { recursive: true }));

function write(pages: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(pages)) {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    writeFileSync(join(site, path), content);
  }
}

describe('a link of the built site', () => {
  it.each([
    ['./b.html', undefined],
    ['/docs/b.html#there', undefined],
    ['/docs/folder/', undefined],
    ['#here', undefined],
    ['https://example.com/nowhere', undefined],
    ['c.html', 'a.html links to c.html, which does not exist'],
    ['b.html#gone', 'a.html links to b.html#gone, whose page has no such anchor'],
    ['#gone', 'a.html links to #gone, whose page has no such anchor'],
    ['/b.html', 'a.html links to /b.html, which does not exist'],
  ])('to %s: %s', (link, problem) => {
    write({
      'a.html': `<h1 id="here">A</h1><a href="${link}">link</a>`,
      'b.html': '<h1 id="there">B</h1>',
      'folder/index.html': '<h1>C</h1>',
    });
    const expected = problem === undefined ? [] : [problem];
    expect(checkSite(site, '/docs/').problems).toEqual(expected);
  });
});
