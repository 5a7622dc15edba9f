import { chmod, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enumerateFiles } from '../src/archive/enumerate-files.ts';
import { globToRegExp } from '../src/archive/glob.ts';
import { createZip, extractZip } from '../src/archive/zip.ts';
import { Logger } from '../src/log.ts';
import { files } from './support/files.ts';

let root: string;
let lines: string[];
let log: Logger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'archive-'));
  lines = [];
  log = new Logger({ format: 'runner', level: 'info' }, {}, (line) => lines.push(line));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('globToRegExp', () => {
  it.each([
    ['*.txt', 'a.txt', true],
    ['*.txt', 'd/a.txt', false],
    ['*', '.hidden', true],
    ['**/*.txt', 'a.txt', true],
    ['**/*.txt', 'd/e/a.txt', true],
    ['d/**', 'd', true],
    ['d/**', 'd/e/f', true],
    ['d/**', 'dd/e', false],
    ['d/**/f', 'd/f', true],
    ['d/**/f', 'd/a/b/f', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['{a,b}.x', 'b.x', true],
    ['{a,b}.x', 'c.x', false],
    ['[a-c].x', 'b.x', true],
    ['[!a].x', 'a.x', false],
    ['\\*.x', '*.x', true],
    ['\\*.x', 'a.x', false],
    ['a+(b).x', 'a+(b).x', true],
  ])('%s against %s: %s', (pattern, path, expected) => {
    expect(globToRegExp(pattern).test(path)).toBe(expected);
  });
});

describe('enumerateFiles', () => {
  const content = { 'out/a.txt': '', 'out/sub/b.log': '', 'top.txt': '', '.dot/c': '' };
  const all = ['out', 'out/a.txt', 'out/sub', 'out/sub/b.log'];
  it.each([
    ['a directory and everything below it', { paths: ['out'] }, all],
    ['a directory with a trailing slash', { paths: ['out/'] }, all],
    ['a pattern', { paths: ['**/*.txt'] }, ['out/a.txt', 'top.txt']],
    ['a pattern that matches a directory', { paths: ['o*'] }, all],
    ['no excluded files', { paths: ['out'], exclude: ['**/*.log'] }, ['out', 'out/a.txt', 'out/sub']],
    ['a hidden directory', { paths: ['.dot'] }, ['.dot', '.dot/c']],
    ['nothing outside the project', { paths: ['../', '/etc/hostname'] }, []],
    ['nothing for a missing path', { paths: ['nope', ''] }, []],
    ['a repeated path once', { paths: ['top.txt', 'top.txt'] }, ['top.txt']],
  ])('finds %s', async (_, selection, expected) => {
    await files(root, content);
    expect(await enumerateFiles(root, { exclude: [], untracked: false, ...selection }, log)).toEqual(
      expected,
    );
  });

  it('accepts an absolute path inside the project', async () => {
    await files(root, content);
    const selection = { paths: [join(root, 'top.txt')], exclude: [], untracked: false };
    expect(await enumerateFiles(root, selection, log)).toEqual(['top.txt']);
  });

  it('does not follow links', async () => {
    await files(root, { 'real/file': '' });
    await symlink('../real', join(root, 'real/loop'));
    const selection = { paths: ['**'], exclude: [], untracked: false };
    expect(await enumerateFiles(root, selection, log)).toEqual(['.', 'real', 'real/file', 'real/loop']);
  });

  it('logs the number of matches per path', async () => {
    await files(root, content);
    await enumerateFiles(root, { paths: ['out', 'nope'], exclude: ['out/a.txt'], untracked: false }, log);
    expect(lines.join('\n')).toContain('out: found 3 matching artifact files and directories');
    expect(lines.join('\n')).toContain('nope: no matching files.');
    expect(lines.join('\n')).toContain('out/a.txt: excluded 1 files');
  });
});

describe('a zip archive', () => {
  it('preserves content, permissions, times, links and empty directories', async () => {
    const [from, to] = [join(root, 'from'), join(root, 'to')];
    await mkdir(to);
    await files(from, { 'bin/tool': '#!/bin/sh\n', 'bin/data': 'x'.repeat(100_000), 'ünï.txt': 'ü' });
    await mkdir(join(from, 'empty'));
    await chmod(join(from, 'bin/tool'), 0o755);
    await chmod(join(from, 'bin/data'), 0o640);
    await symlink('tool', join(from, 'bin/link'));
    const time = new Date('2024-05-06T07:08:10Z');
    await utimes(join(from, 'bin/data'), time, time);
    const found = await enumerateFiles(from, { paths: ['**'], exclude: [], untracked: false }, log);
    await createZip(join(root, 'a.zip'), from, found);
    await extractZip(join(root, 'a.zip'), to);

    expect(await enumerateFiles(to, { paths: ['**'], exclude: [], untracked: false }, log)).toEqual(found);
    expect((await stat(join(to, 'bin/tool'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(to, 'bin/data'))).mode & 0o777).toBe(0o640);
    expect((await stat(join(to, 'bin/data'))).mtime).toEqual(time);
    expect((await stat(join(to, 'bin/data'))).size).toBe(100_000);
    expect(await readlink(join(to, 'bin/link'))).toBe('tool');
    expect((await stat(join(to, 'empty'))).isDirectory()).toBe(true);
    expect(await readFile(join(to, 'ünï.txt'), 'utf8')).toBe('ü');
  });

  it('replaces existing files and links', async () => {
    await files(root, { 'from/file': 'new', 'to/other': 'untouched' });
    await symlink('other', join(root, 'to/file'));
    await createZip(join(root, 'a.zip'), join(root, 'from'), ['file']);
    await extractZip(join(root, 'a.zip'), join(root, 'to'));
    expect(await readFile(join(root, 'to/file'), 'utf8')).toBe('new');
    expect(await readFile(join(root, 'to/other'), 'utf8')).toBe('untouched');
  });

  it('fails when a file cannot be read', async () => {
    await expect(createZip(join(root, 'a.zip'), root, ['not-there'])).rejects.toThrow('not-there');
  });
});
