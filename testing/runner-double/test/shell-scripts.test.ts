import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateScript } from '../src/scripts/generate-script.ts';
import { contextIn } from './support/context.ts';
import { plain, ScriptSuite, SHELLS } from './support/script-suite.ts';

const suite = new ScriptSuite();

const AWKWARD = [
  `it's "quoted" $HOME \`id\` \\n $(id)`,
  'ümläut \u{1f600} tab\there',
  'two lines:\nlines\n',
  '-n',
  'semi;colon & pipe | star * tilde ~ {a,b} [x] !bang #hash',
];

describe.each(SHELLS)('a script for %s with %j', (shell, toml) => {
  const steps = (...script: string[]) => ({ steps: [{ name: 'script', script }] });
  const runScript = async (...script: string[]) => {
    await mkdir(join(suite.root, 'builds/g/p'), { recursive: true });
    return suite.runStage(shell, 'step_script', toml, steps(...script));
  };

  it('starts with its shell in the shebang line', () => {
    const name = toml.includes('"sh"') ? 'sh' : 'bash';
    expect(generateScript('prepare_script', contextIn(suite.root, {}, toml))).toMatch(
      new RegExp(`^#!/usr/bin/env ${name}\n`),
    );
  });

  it('echoes each command and runs it in the project directory', async () => {
    const { code, stdout } = await runScript('echo one', 'pwd');
    expect(code).toBe(0);
    expect(plain(stdout)).toBe(`$ echo one\none\n$ pwd\n${suite.root}/builds/g/p\n`);
    expect(stdout).toContain('\u001b[32;1m$ echo one\u001b[0;m\n');
  });

  it('echoes the first line of a multi-line command', async () => {
    const { stdout } = await runScript(
      'if true; then\n  echo "in \'it\'"\nfi',
      '',
      'cat <<EOT\nhere $((1 + 1))\nEOT',
    );
    expect(plain(stdout)).toBe(
      "$ if true; then # collapsed multi-line command\nin 'it'\n\n$ cat <<EOT # collapsed multi-line command\nhere 2\n",
    );
  });

  it('exits with the code of the first failed command', async () => {
    const { code, stdout } = await runScript('(exit 3)', 'echo never');
    expect(code).toBe(3);
    expect(plain(stdout)).toBe('$ (exit 3)\n');
  });

  it('preserves state between commands', async () => {
    const { stdout } = await runScript('x=1; mkdir d; cd d', 'echo "$x in $(basename "$PWD")"');
    expect(stdout).toContain('1 in d\n');
  });

  it('has an empty standard input', async () => {
    expect((await runScript('cat', 'echo after')).stdout).toContain('after\n');
  });

  it.each(AWKWARD.map((value) => [JSON.stringify(value), value]))(
    'passes the value %s unchanged',
    async (_, value) => {
      await mkdir(join(suite.root, 'builds/g/p'), { recursive: true });
      const { stdout } = await suite.runStage(shell, 'step_script', toml, {
        ...steps('printf "<%s>" "$AWKWARD"'),
        variables: [{ key: 'AWKWARD', value, raw: true }],
      });
      expect(stdout).toContain(`<${value}>`);
    },
  );

  it('writes the file of a file variable, and removes it during cleanup', async () => {
    await mkdir(join(suite.root, 'builds/g/p'), { recursive: true });
    const extra = {
      ...steps('echo "$CERT"; cat "$CERT"'),
      variables: [{ key: 'CERT', value: `-----BEGIN X\nx'y\n`, file: true, raw: true }],
    };
    const file = `${suite.root}/builds/g/p.tmp/CERT`;
    const { stdout } = await suite.runStage(shell, 'step_script', toml, extra);
    expect(stdout).toContain(`${file}\n-----BEGIN X\nx'y\n`);
    expect((await suite.runStage(shell, 'cleanup_file_variables', toml, extra)).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('passes GITLAB_ENV to later stages', async () => {
    await mkdir(join(suite.root, 'builds/g/p'), { recursive: true });
    const extra = {
      steps: [
        { name: 'script', script: ['echo "A=with space" >> "$GITLAB_ENV"'] },
        { name: 'after_script', script: ['echo "<$A>"'] },
      ],
    };
    await suite.runStage(shell, 'step_script', toml, extra);
    const { stdout } = await suite.runStage(shell, 'after_script', toml, extra);
    expect(plain(stdout)).toBe('Running after script...\n$ echo "<$A>"\n<with space>\n');
  });

  it('ends after SIGTERM without printing itself', async () => {
    await mkdir(join(suite.root, 'builds/g/p'), { recursive: true });
    const { code, stderr } = await suite.runStage(
      shell,
      'step_script',
      toml,
      steps('kill -TERM $$; sleep 0.1'),
    );
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('export');
  });

  it('prints the host that it runs on', async () => {
    const { stdout } = await suite.runStage(shell, 'prepare_script', toml, {});
    expect(stdout).toMatch(/^Running on .+\.\.\.\n$/);
  });
});
