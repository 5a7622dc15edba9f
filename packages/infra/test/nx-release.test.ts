import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, globSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SCOPE = '@serverless-gitlab-runner';

/** A repository of this workspace's manifests, all of them released at 0.1.0. */
let root: string;
let released: string[];

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
  const manifests = globSync('{packages,testing,examples}/*/package.json', { cwd: ROOT });
  const files = [
    'package.json',
    'package-lock.json',
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
  released = manifests.filter((path) => path.startsWith('packages/')).map((path) => path.split('/')[1] ?? '');
  for (const name of released) run('git', 'tag', `${SCOPE}/${name}@0.1.0`);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('a dry run of a release shows versions and changelogs from commits, and changes nothing', () => {
  commit('feat(webhook-receiver)!: sign answers', 'packages/webhook-receiver/new.ts');
  commit('fix(idle-reaper): wait for the last task', 'packages/idle-reaper/new.ts');
  const before = state();
  const output = run(join(ROOT, 'node_modules/.bin/nx'), 'release', '--dry-run', '--skip-publish');
  expect(state()).toEqual(before);
  const entries = output.matchAll(/Previewing an entry in packages\/(.*)\/CHANGELOG\.md for \S+@(\S+)/g);
  expect(Object.fromEntries([...entries].map(([, name, version]) => [name, version]))).toEqual({
    'webhook-receiver': '0.2.0',
    'idle-reaper': '0.1.1',
  });
  expect(output).toContain('+ - **idle-reaper:** wait for the last task');
}, 60_000);
