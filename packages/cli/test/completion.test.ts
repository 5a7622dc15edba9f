import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SGR = fileURLToPath(new URL('../src/sgr.ts', import.meta.url));
const COMPLETE_IN_BASH = fileURLToPath(new URL('fixtures/complete.bash', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sgr-completion-'));

beforeAll(() => {
  const command = join(folder, 'sgr');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${SGR}' "$@"\n`);
  chmodSync(command, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[]) {
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  return spawnSync(program, args, { encoding: 'utf8', env });
}

/** Words that `sgr` offers for the last of these. */
function complete(...words: string[]): string[] {
  const { stdout, stderr } = run('sgr', ['complete', '--', ...words]);
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .flatMap((line) => (line.split('\t').length > 1 ? (line.split('\t')[0] ?? []) : []));
}

describe('completion', () => {
  it('offers commands, subcommands and options', () => {
    expect(complete('d')).toEqual(['doctor', 'drain', 'destroy']);
    expect(complete('fleet', '')).toEqual(['list', 'show', 'set', 'edit', 'pause', 'resume', 'help']);
    expect(complete('drain', '--')).toEqual(expect.arrayContaining(['--fleet', '--wait', '--json']));
  });

  it('offers the command for users, not the one for shells', () => {
    expect(complete('compl')).toEqual(['completion']);
  });

  it('works in bash', () => {
    const { stdout, stderr } = run('bash', [COMPLETE_IN_BASH, 'sgr', 'rot']);
    expect(stdout.trim(), stderr).toBe('rotate');
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s', (shell) => {
    const { stdout, status } = run('sgr', ['completion', shell]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/sgr complete --|\$\{?program\}? complete/);
  });

  it('says which shells there are', () => {
    const { stderr, status } = run('sgr', ['completion', 'csh']);
    expect(status).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
  });
});
