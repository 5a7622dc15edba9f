import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands, listCommands } from '../../../../scripts/cli/commands.mjs';
import { withoutUnwantedColours } from '../../../../scripts/cli/progress.mjs';
import { runCommandLine } from './support/run-npm.ts';

/** A clone without installed packages. */
let clone: string;

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'fresh-clone-'));
  cpSync(join(REPOSITORY_ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

describe('before anything is installed', () => {
  it.each(Object.entries(commands))('%s --help prints the help', async (name, { help }) => {
    expect(await runCommandLine([name, '--help'], { root: clone })).toEqual({
      code: 0,
      stdout: help,
      stderr: '',
    });
  });

  it.each(Object.entries(commands))('the help of %s lists all of its options', (_, { help, options }) => {
    for (const option of Object.keys(options)) expect(help).toContain(`--${option}`);
  });

  it('help lists all commands', async () => {
    const { code, stdout } = await runCommandLine(['help'], { root: clone });
    expect({ code, stdout }).toEqual({ code: 0, stdout: listCommands() });
    for (const name of Object.keys(commands)) expect(stdout).toContain(`\n  ${name} `);
  });

  it.each([
    [['fualts'], 'There is no command "fualts"; did you mean faults?'],
    [['faults', '--lst'], 'Unknown option --lst. Did you mean --list? --help lists all.'],
    [['faults', '--', '--lst'], 'Unknown option --lst. Did you mean --list? --help lists all.'],
    [['conformance', '--lists'], 'Unknown option --lists. Did you mean --list? --help lists all.'],
    [['sandbox', 'log'], 'Unknown argument "log"; did you mean logs? --help lists all.'],
    [['test', '--projct', 'unit'], 'Unknown option --projct. Did you mean --project? --help lists all.'],
    [['mutants', '--frsh'], 'Unknown option --frsh. Did you mean --fresh? --help lists all.'],
    [['deploy', '--affectd'], 'Unknown option --affectd. Did you mean --affected? --help lists all.'],
    [['lint', 'packages'], 'Unexpected argument "packages". --help lists all options.'],
    [['simulate', '--sed', '2'], 'Unknown option --sed. Did you mean --seed? --help lists all.'],
    [['simulate', '--team', '6'], 'There is no team of "6": choose one of 5, 50, 500.'],
    [['simulate', '--seed', 'x'], '--seed takes a whole number of at most nine digits, not "x".'],
    [['simulate', '--team', '5', '--trace', 'f'], '--team and --trace exclude each other.'],
    [['sandbox'], 'Set SANDBOX_GITLAB_URL to your GitLab'],
    [['deploy'], 'No AWS region is chosen: set AWS_REGION'],
  ])('%j is refused: %s', async (args, message) => {
    const { code, stdout, stderr } = await runCommandLine(args, { root: clone });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(message)).toBe(true);
  });
});

describe('unknown names are refused before anything is built', () => {
  it.each([
    [['faults', 'managers-kiled'], 'There is no fault "managers-kiled"'],
    [['conformance', 'scrpt'], 'No case has "scrpt" in its keyword or name; did you mean script?'],
    [['test', 'packages/flet'], "No test's path contains packages/flet; did you mean packages/fleet?"],
  ])('%j: %s', async (args, message) => {
    const { code, stdout, stderr } = await runCommandLine(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(message)).toBe(true);
  });
});

describe('the environment of child processes', () => {
  it.each([
    ['unchanged on a terminal', { CI: '1' }, true, {}],
    ['without colours elsewhere, also in CI', { CI: '1' }, false, { NO_COLOR: '1', FORCE_COLOR: '0' }],
    ['with colours if the user requests them', { FORCE_COLOR: '1' }, false, {}],
  ])('is %s', (_, env, isTerminal, added) => {
    expect(withoutUnwantedColours(env, isTerminal)).toEqual({ ...env, ...added });
  });
});
