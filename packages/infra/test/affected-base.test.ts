import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseBase, readCheckout, recordDeployment } from '../../../scripts/cli/affected-base.mjs';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

let root: string;
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'affected-base-'));
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'a tester');
  git('config', 'user.email', 'tester@example.com');
  git('commit', '--quiet', '--allow-empty', '--message=first');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the base of affected projects', () => {
  it('is the last deployment on main', () => {
    expect(recordDeployment(root, {})).toBe(true);
    const deployed = git('rev-parse', 'HEAD');
    git('commit', '--quiet', '--allow-empty', '--message=second');
    const { base, reason } = chooseBase(readCheckout(root, {}));
    expect(base).toBe(deployed);
    expect(reason).toBe(`Compared with ${deployed.slice(0, 8)}, the last deployment (tag "deployed").`);
  });

  it('is the empty tree on main before the first deployment', () => {
    expect(chooseBase(readCheckout(root, {})).base).toBe(EMPTY_TREE);
    expect(git('hash-object', '-t', 'tree', '/dev/null')).toBe(EMPTY_TREE);
  });

  it('is main on a branch', () => {
    recordDeployment(root, {});
    git('switch', '--quiet', '--create=feature');
    expect(chooseBase(readCheckout(root, {})).base).toBe('main');
  });

  it.each(['CI_COMMIT_BRANCH', 'GITHUB_REF_NAME'])(
    'is chosen by the branch in %s in a pipeline',
    (variable) => {
      git('checkout', '--quiet', '--detach');
      expect(readCheckout(root, { [variable]: 'main' }).branch).toBe('main');
    },
  );
});

describe('a deployment is not recorded', () => {
  it('on a branch', () => {
    git('switch', '--quiet', '--create=feature');
    expect(recordDeployment(root, {})).toBe(false);
  });

  it('with uncommitted changes', () => {
    writeFileSync(join(root, 'new.txt'), '');
    expect(recordDeployment(root, {})).toBe(false);
  });

  it('into an emulator', () => {
    expect(recordDeployment(root, { AWS_ENDPOINT_URL: 'http://localhost:4566' })).toBe(false);
    expect(git('tag')).toBe('');
  });
});
