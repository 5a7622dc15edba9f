import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';

export interface CommandOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandSettings {
  /** Checkout to run in. Default: this one. */
  root?: string;
  /** Added to the minimal environment of every command. */
  env?: Record<string, string>;
}

/** Runs `npm run NAME -- ARGS` as npm does, without a terminal. */
export function runCommandLine(
  args: readonly string[],
  settings: CommandSettings = {},
): Promise<CommandOutcome> {
  const { root = REPOSITORY_ROOT, env = {} } = settings;
  if (root === REPOSITORY_ROOT) assertInstalled();
  // Without the variables that Vitest, a developer's shell or a pipeline sets.
  const path = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
  const options = { cwd: root, env: { PATH: path, HOME: '/nonexistent', ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'scripts/run.mjs'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A command installs packages that are older than the lockfile. It would replace those that this test runs with. */
function assertInstalled(): void {
  const writtenAt = (path: string) => statSync(join(REPOSITORY_ROOT, path)).mtimeMs;
  if (writtenAt('node_modules/.package-lock.json') < writtenAt('package-lock.json'))
    throw new Error('the installed packages are older than package-lock.json: run npm ci first');
}

/**
 * Creates programs that append their name and arguments to a file and then fail.
 * @returns a PATH on which they come first
 */
export function failingPrograms(folder: string, names: readonly string[], record: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const program = join(folder, name);
    writeFileSync(
      program,
      `#!/bin/sh\necho "${name} $*" >> '${record}'\necho "E: a long story" >&2\nexit 100\n`,
    );
    chmodSync(program, 0o755);
  }
  return [folder, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
}
