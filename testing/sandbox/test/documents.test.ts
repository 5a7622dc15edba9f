import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { describe, expect, it } from 'vitest';

const DOCUMENTS = globSync('{*,docs/**/*,{packages,testing,images,examples}/*/{*,src/**/*}}.md', {
  cwd: REPOSITORY_ROOT,
}).filter((path) => !/node_modules|CHANGELOG/.test(path));

const textOf = (document: string) => readFileSync(join(REPOSITORY_ROOT, document), 'utf8');

/** Finds the paths that a document mentions, and where the files must be. */
function mentionedPaths(document: string, pattern: RegExp, folder: string): { name: string; path: string }[] {
  return [...textOf(document).matchAll(pattern)].map(([, name = '']) => ({
    name,
    path: join(REPOSITORY_ROOT, folder, name),
  }));
}

const missing = (names: { name: string; path: string }[]) =>
  names.filter(({ path }) => !existsSync(path)).map(({ name }) => name);

describe('the documents', () => {
  it('are found', () => {
    expect(DOCUMENTS).toEqual(
      expect.arrayContaining(['README.md', 'docs/security.md', 'packages/fleet/README.md']),
    );
  });

  it.each(DOCUMENTS)('%s has no broken links', (document) => {
    const links = mentionedPaths(document, /\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g, dirname(document));
    expect(missing(links)).toEqual([]);
  });

  it.each(DOCUMENTS)('%s mentions only files that exist', (document) => {
    const files = mentionedPaths(
      document,
      /`((?:packages|testing|scripts|docs|examples)\/[\w./-]+\.\w+)`/g,
      '',
    );
    expect(missing(files)).toEqual([]);
  });
});
