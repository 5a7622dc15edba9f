import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { describe, expect, it } from 'vitest';
import { asksForHelp, isCommand, parseCommandLine } from '../../../scripts/cli/commands.mjs';
import { checkSgr } from '../src/commands/check-sgr.ts';
import { type DocumentedCommand, documentedCommands } from '../src/commands/read-commands.ts';
import { sgrProgram } from '../src/reference/cli-page.ts';

/** The commands that a check refuses, with what is wrong. */
function refusals(
  commands: readonly DocumentedCommand[],
  check: (words: readonly string[]) => string | undefined,
): string[] {
  return commands.flatMap(({ document, words }) => {
    const problem = check(words.slice(1));
    return problem === undefined ? [] : [`${document}: ${words.join(' ')}: ${problem}`];
  });
}

describe('sgr in documents', () => {
  const program = sgrProgram();
  const check = (words: readonly string[]) => checkSgr(program, words);

  it('exists, with all options', () => {
    const commands = documentedCommands('sgr');
    expect(commands.length).toBeGreaterThan(30);
    expect(refusals(commands, check)).toEqual([]);
  });

  it.each([
    ['sgr wy 4711', 'there is no command "wy"'],
    ['sgr doctor --projct team/app', 'doctor has no option --projct'],
    ['sgr rotate secrets', 'there is no command "secrets"'],
    ['sgr why 4711 4712', 'why takes 1 arguments, not 2'],
  ])('%s would be refused', (line, problem) => {
    expect(check(line.split(' ').slice(1))).toBe(problem);
  });
});

describe('npm in documents', () => {
  it('runs commands that exist, with all options', () => {
    const commands = documentedCommands('npm').filter(({ words }) =>
      ['run', 'test'].includes(words[1] ?? ''),
    );
    expect(commands.length).toBeGreaterThan(40);
    expect(refusals(commands, checkNpm)).toEqual([]);
  });

  it.each([
    ['run demos', 'there is no command "demos"'],
    ['run mutants -- --frsh', '--frsh'],
    ['run synthesise -w packages/infra', 'packages/infra has no script "synthesise"'],
  ])('npm %s would be refused', (line, problem) => {
    expect(checkNpm(line.split(' '))).toContain(problem);
  });
});

/** Scripts of the packages, by their folder. */
const SCRIPTS = new Map(
  globSync('{packages,testing,examples}/*/package.json', { cwd: REPOSITORY_ROOT }).map((path) => [
    dirname(path),
    Object.keys(JSON.parse(readFileSync(join(REPOSITORY_ROOT, path), 'utf8')).scripts ?? {}),
  ]),
);

function checkNpm(words: readonly string[]): string | undefined {
  const [name = '', ...rest] = words[0] === 'test' ? words : words.slice(1);
  const workspace = rest.indexOf('-w');
  if (workspace >= 0) {
    const folder = rest[workspace + 1] ?? '';
    return SCRIPTS.get(folder)?.includes(name) ? undefined : `${folder} has no script "${name}"`;
  }
  if (['', 'help', 'COMMAND'].includes(name)) return undefined;
  if (!isCommand(name)) return `there is no command "${name}"`;
  const args = rest.filter((word) => word !== '--');
  if (asksForHelp(args)) return undefined;
  try {
    parseCommandLine(name, args);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
