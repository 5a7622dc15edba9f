import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failingPrograms, runCommandLine } from './support/run-npm.ts';

let folder: string;
let record: string;
/** A PATH without Docker, on which installing it fails. */
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'without-docker-'));
  record = join(folder, 'calls');
  path = failingPrograms(join(folder, 'bin'), ['docker', 'dockerd', 'apt-get', 'iptables'], record);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('"npm test -- packages/fleet" passes without Docker, without building, and without colours in CI', async () => {
  const { code, stdout, stderr } = await runCommandLine(['test', 'packages/fleet'], {
    env: { PATH: path, CI: '1' },
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n\d{2,} passed, 0 failed\n$/);
  expect(existsSync(record)).toBe(false);
  expect(stderr).not.toContain('Building bundles');
  expect(stdout + stderr).not.toContain('\u001b');
});

it('a command that needs Docker says so in one sentence before it builds anything', async () => {
  const { code, stdout, stderr } = await runCommandLine(['demo'], { env: { PATH: path } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(readFileSync(record, 'utf8')).toContain('docker version');
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^(No Docker daemon answers|Docker is not installed).*: .* try again\.$/,
  );
  expect(stderr).not.toMatch(/Building bundles|a long story|\n {4}at /);
});
