import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LINT = fileURLToPath(new URL('../../lint', import.meta.url));
const REQUIREMENTS = join(LINT, 'requirements.txt');
const CACHE = fileURLToPath(
  new URL('../../../../node_modules/.cache/serverless-gitlab-runner', import.meta.url),
);

/** A linter cannot be installed or run. The message says what is missing. */
export class LinterError extends Error {
  override readonly name = 'LinterError';
}

/**
 * Folder with the programs of cfn-lint and cloudsplaining, with the versions and hashes of `lint/requirements.txt`: a virtual
 * environment under node_modules, created once for each state of that file. Needs Python 3.11 or newer, but no Docker.
 * @throws {LinterError}
 */
function linters(): string {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  // A virtual environment's programs contain its path, so it cannot be moved. This file names it once it is complete.
  const marker = join(CACHE, `linters-${hash}`);
  if (!existsSync(marker)) {
    mkdirSync(CACHE, { recursive: true });
    const folder = mkdtempSync(join(CACHE, 'linters-of-python-'));
    try {
      const venv = 'install Python 3.11 or newer with venv (Debian: apt-get install python3-venv)';
      run('python3', ['-m', 'venv', folder], venv);
      const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '-r', REQUIREMENTS];
      run(join(folder, 'bin/pip'), ['install', ...options], 'the Python package index must be reachable');
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    writeFileSync(marker, folder);
  }
  return join(readFileSync(marker, 'utf8'), 'bin');
}

/** Findings of cfn-lint in templates, as `template: rule: message`, for deployments to these regions. */
export function lintTemplates(files: readonly string[], regions: readonly string[]): string[] {
  const options = ['--format', 'json', '--regions', ...regions, '--', ...files];
  const { stdout, stderr, status } = spawnSync(join(linters(), 'cfn-lint'), options, { encoding: 'utf8' });
  // The bits of the status stand for errors, warnings and notes; 1 alone is a failure of the program.
  if (status === null || status === 1) throw new LinterError(`cfn-lint ended with ${status}: ${stderr}`);
  const matches: Match[] = JSON.parse(stdout);
  return matches.map(({ Filename, Rule, Message }) => `${basename(Filename)}: ${Rule.Id}: ${Message}`);
}

interface Match {
  Filename: string;
  Rule: { Id: string };
  Message: string;
}

/** The regions that cfn-lint knows. */
export function knownRegions(): string[] {
  const program = 'import json; from cfnlint.helpers import REGIONS; print(json.dumps(sorted(REGIONS)))';
  return JSON.parse(run(join(linters(), 'python'), ['-c', program], 'cfn-lint has changed its lists'));
}

/** Findings of cloudsplaining in policies, as `name: finding: action`. */
export function scanPolicies(policies: Readonly<Record<string, unknown>>): string[] {
  const program = join(LINT, 'scan-policies.py');
  return JSON.parse(run(join(linters(), 'python'), [program], 'see its message', JSON.stringify(policies)));
}

function run(program: string, args: readonly string[], advice: string, input = ''): string {
  const result = spawnSync(program, args, { encoding: 'utf8', input });
  if (result.status === 0) return result.stdout;
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`;
  throw new LinterError(`${program} ${args[0]} failed: ${output.trim()}\n${advice}`);
}
