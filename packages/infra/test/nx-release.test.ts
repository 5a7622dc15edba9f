import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, globSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A repository of this workspace's manifests, all of them released at 0.1.0. */
let root: string;

function run(program: string, ...args: string[]): string {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NO_COLOR: '1', FORCE_COLOR: '0' };
  return execFileSync(program, args, { cwd: root, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Everything of a repository that a release changes. */
const state = () => [run('git', 'rev-parse', 'HEAD'), run('git', 'status', '--porcelain'), run('git', 'tag')];

function commit(message: string, file: string): void {
  appendFileSync(join(root, file), '\n');
  run('git', 'add', '.');
  run('git', 'commit', '--quiet', `--message=${message}`);
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nx-release-'));
  const manifests = globSync('{images,{packages,testing,examples}/*}/package.json', { cwd: ROOT });
  const files = [
    'package.json',
    'package-lock.json',
    'CHANGELOG.md',
    'nx.json',
    '.gitignore',
    'tsconfig.base.json',
    'scripts',
  ];
  for (const file of [...files, ...manifests])
    cpSync(join(ROOT, file), join(root, file), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  appendFileSync(join(root, '.gitignore'), 'node_modules\n');
  run('git', 'init', '--quiet', '--initial-branch=main');
  run('git', 'config', 'user.name', 'a tester');
  run('git', 'config', 'user.email', 'tester@example.com');
  run('git', 'add', '.');
  run('git', 'commit', '--quiet', '--message=chore: first');
  run('git', 'tag', 'v0.1.0');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('a dry run of a release shows the version of all packages and the changelog from commits, and changes nothing', () => {
  commit('feat(webhook-receiver)!: sign answers', 'packages/webhook-receiver/new.ts');
  commit('fix(images): a smaller helper', 'images/new');
  const before = state();
  const output = run(join(ROOT, 'node_modules/.bin/nx'), 'release', '--dry-run', '--skip-publish');
  expect(state()).toEqual(before);
  expect(output).toMatch(/entry in CHANGELOG\.md .*v0\.2\.0/);
  expect(output).toContain('+ - **images:** a smaller helper');
  const released = [...output.matchAll(/ (\S+package\.json: version \S+)/g)].map(([, line]) => line);
  expect(released).toEqual(
    expect.arrayContaining([
      'packages/infra/package.json: version 0.2.0',
      'images/package.json: version 0.2.0',
    ]),
  );
}, 60_000);

it('a change of an image alone releases every package, since infra contains it', () => {
  run('git', 'reset', '--hard', '--quiet', 'v0.1.0');
  commit('fix(images): a smaller helper', 'images/new');
  const output = run(join(ROOT, 'node_modules/.bin/nx'), 'release', '--dry-run', '--skip-publish');
  expect(output).toMatch(/entry in CHANGELOG\.md .*v0\.1\.1/);
}, 60_000);
