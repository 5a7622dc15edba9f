import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { describe, expect, it } from 'vitest';
import { textOf } from '../src/commands/read-commands.ts';
import { REFERENCE_PAGES } from '../src/reference/pages.ts';

describe('the reference', () => {
  it.each(Object.entries(REFERENCE_PAGES))(
    '%s is up to date (update it with: npm run docs)',
    (path, render) => {
      expect(textOf(path)).toBe(render());
    },
  );

  it('has no other pages', () => {
    const pages = globSync('docs/reference/*', { cwd: REPOSITORY_ROOT });
    expect(pages.sort()).toEqual(Object.keys(REFERENCE_PAGES).sort());
  });

  it('says what every setting and variable means', () => {
    const tables = Object.keys(REFERENCE_PAGES).filter((path) => /settings|variables|events/.test(path));
    const silent = tables.flatMap((path) =>
      textOf(path)
        .split('\n')
        .filter((line) => /^\| `.*\|\s*\|$/.test(line)),
    );
    expect(silent).toEqual([]);
  });
});

it("docs/operating.md lists every finding of sgr doctor, and no other's name", () => {
  const source = readFileSync(join(REPOSITORY_ROOT, 'packages/cli/src/doctor/finding.ts'), 'utf8');
  const [, union = ''] = /export type CheckName =(.*?);/s.exec(source) ?? [];
  const names = [...union.matchAll(/'([\w-]+)'/g)].map(([, name]) => name);
  const [, table = ''] = /\| check \| what is wrong \|(.*?)\n\n/s.exec(textOf('docs/operating.md')) ?? [];
  const listed = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  expect(names.length).toBeGreaterThan(30);
  expect(listed.sort()).toEqual(names.sort());
});
