import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { escapeAnsiC, escapePosix } from '../src/scripts/escape.ts';
import { generateScript, type Stage } from '../src/scripts/generate-script.ts';
import { contextIn } from './support/context.ts';
import { startGitServer } from './support/git-server.ts';

const POSIX = '[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = true\n';

/** Each of these shells with the escapes that it can read: bash is the real runner's default, `sh` any POSIX shell (dash on Debian). */
const SHELLS = [
  ['bash', 'shell = "bash"\n'],
  ['bash', `shell = "bash"\n${POSIX}`],
  ['sh', `shell = "sh"\n${POSIX}`],
] as const;

const AWKWARD = [
  `it's "quoted" $HOME \`id\` \\n $(id)`,
  'ümläut \u{1f600} tab\there',
  'two\nlines\n',
  '-n',
  'semi;colon & pipe | star * tilde ~ {a,b} [x] !bang #hash',
];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scripts-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

type Result = { code: number; stdout: string; stderr: string };

async function run(shell: string, script: string): Promise<Result> {
  const file = join(root, 'script');
  await writeFile(file, script);
  return new Promise((resolve) => {
    execFile(shell, [file], { env: { PATH: process.env.PATH, HOME: root } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function runStage(shell: string, stage: Stage, toml: string, extra: Record<string, unknown>) {
  const script = generateScript(stage, contextIn(root, extra, toml));
  if (script === undefined) throw new Error(`${stage} has nothing to do`);
  return run(shell, script);
}

function plain(text: string): string {
  return text.replaceAll('\u001b[32;1m', '').replaceAll('\u001b[0;m', '').replaceAll('\u001b[0;33m', '');
}

describe.each(SHELLS)('a script for %s with %j', (shell, toml) => {
  const steps = (...script: string[]) => ({ steps: [{ name: 'script', script }] });
  const runScript = async (...script: string[]) => {
    await mkdir(join(root, 'builds/g/p'), { recursive: true });
    return runStage(shell, 'step_script', toml, steps(...script));
  };

  it('begins with the shell it is written for', () => {
    const name = toml.includes('"sh"') ? 'sh' : 'bash';
    expect(generateScript('prepare_script', contextIn(root, {}, toml))).toMatch(
      new RegExp(`^#!/usr/bin/env ${name}\n`),
    );
  });

  it('echoes each command and runs it in the project directory', async () => {
    const { code, stdout } = await runScript('echo one', 'pwd');
    expect(code).toBe(0);
    expect(plain(stdout)).toBe(`$ echo one\none\n$ pwd\n${root}/builds/g/p\n`);
    expect(stdout).toContain('\u001b[32;1m$ echo one\u001b[0;m\n');
  });

  it('shows the first line of a command of several', async () => {
    const { stdout } = await runScript(
      'if true; then\n  echo "in \'it\'"\nfi',
      '',
      'cat <<EOT\nhere $((1 + 1))\nEOT',
    );
    expect(plain(stdout)).toBe(
      "$ if true; then # collapsed multi-line command\nin 'it'\n\n$ cat <<EOT # collapsed multi-line command\nhere 2\n",
    );
  });

  it('ends with the code of the first command that fails', async () => {
    const { code, stdout } = await runScript('(exit 3)', 'echo never');
    expect(code).toBe(3);
    expect(plain(stdout)).toBe('$ (exit 3)\n');
  });

  it('keeps state from command to command', async () => {
    const { stdout } = await runScript('x=1; mkdir d; cd d', 'echo "$x in $(basename "$PWD")"');
    expect(stdout).toContain('1 in d\n');
  });

  it('has nothing on its standard input', async () => {
    expect((await runScript('cat', 'echo after')).stdout).toContain('after\n');
  });

  it.each(AWKWARD.map((value) => [JSON.stringify(value), value]))(
    'hands on the value %s',
    async (_, value) => {
      await mkdir(join(root, 'builds/g/p'), { recursive: true });
      const { stdout } = await runStage(shell, 'step_script', toml, {
        ...steps('printf "<%s>" "$AWKWARD"'),
        variables: [{ key: 'AWKWARD', value, raw: true }],
      });
      expect(stdout).toContain(`<${value}>`);
    },
  );

  it('writes a file variable for the job, and removes it in the end', async () => {
    await mkdir(join(root, 'builds/g/p'), { recursive: true });
    const extra = {
      ...steps('echo "$CERT"; cat "$CERT"'),
      variables: [{ key: 'CERT', value: `-----BEGIN\nx'y\n`, file: true, raw: true }],
    };
    const file = `${root}/builds/g/p.tmp/CERT`;
    const { stdout } = await runStage(shell, 'step_script', toml, extra);
    expect(stdout).toContain(`${file}\n-----BEGIN\nx'y\n`);
    expect((await runStage(shell, 'cleanup_file_variables', toml, extra)).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('carries GITLAB_ENV into later stages', async () => {
    await mkdir(join(root, 'builds/g/p'), { recursive: true });
    const extra = {
      steps: [
        { name: 'script', script: ['echo "A=with space" >> "$GITLAB_ENV"'] },
        { name: 'after_script', script: ['echo "<$A>"'] },
      ],
    };
    await runStage(shell, 'step_script', toml, extra);
    const { stdout } = await runStage(shell, 'after_script', toml, extra);
    expect(plain(stdout)).toBe('Running after script...\n$ echo "<$A>"\n<with space>\n');
  });

  it('ends when it is told to, without printing itself', async () => {
    await mkdir(join(root, 'builds/g/p'), { recursive: true });
    const { code, stderr } = await runStage(shell, 'step_script', toml, steps('kill -TERM $$; sleep 0.1'));
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('export');
  });

  it('says where it runs', async () => {
    const { stdout } = await runStage(shell, 'prepare_script', toml, {});
    expect(stdout).toMatch(/^Running on .+\.\.\.\n$/);
  });
});

describe('generateScript', () => {
  it.each<[Stage, Record<string, unknown>]>([
    ['restore_cache', {}],
    ['download_artifacts', {}],
    ['after_script', {}],
    ['after_script', { steps: [{ name: 'after_script', script: [] }] }],
    ['archive_cache', { cache: [{ key: 'k', paths: ['x'], when: 'on_failure' }] }],
    ['archive_cache_on_failure', { cache: [{ key: 'k', paths: ['x'] }] }],
    ['upload_artifacts_on_success', {}],
    ['upload_artifacts_on_failure', { artifacts: [{ paths: ['x'] }] }],
    ['step_release', {}],
  ])('skips %s when there is nothing to do', (stage, extra) => {
    expect(generateScript(stage, contextIn(root, extra))).toBeUndefined();
  });

  it('names the uploader with all that an artifact says', () => {
    const artifact = {
      name: 'n',
      paths: ['a b', 'c'],
      exclude: ['d'],
      untracked: true,
      when: 'always',
      artifact_type: 'junit',
      artifact_format: 'gzip',
      expire_in: '1 week',
    };
    const script = generateScript(
      'upload_artifacts_on_failure',
      contextIn(root, { artifacts: [artifact] }, POSIX),
    );
    expect(script?.replaceAll("'\\''", "'")).toContain(
      "--path 'a b' --path c --exclude d --untracked --name n --expire-in '1 week' --artifact-format gzip --artifact-type junit",
    );
  });

  it.each([
    ['a key with directories', 'a/b', '../../../cache/g/p/a/b/cache.zip', undefined],
    ['a key that would leave the cache', '../../x', '../../../cache/g/p/x/cache.zip', 'sanitized to "x"'],
    ['a key with a variable', 'k-$REF', '../../../cache/g/p/k-main/cache.zip', undefined],
    ['no key', '', '../../../cache/g/p/job 1/main/cache.zip', undefined],
  ])('finds the archive of %s', (_, key, file, warning) => {
    const extra = { cache: [{ key, paths: ['x'] }], variables: [{ key: 'REF', value: 'main' }] };
    const script = generateScript('restore_cache', contextIn(root, extra, POSIX));
    expect(script).toContain(file);
    if (warning !== undefined) expect(script).toContain(warning);
  });

  it.each([
    ['pull', 'archive_cache', 'Not uploading cache'],
    ['push', 'restore_cache', 'Not downloading cache'],
  ] as const)('respects the policy %s', (policy, stage, words) => {
    const extra = { cache: [{ key: 'k', paths: ['x'], policy }] };
    expect(generateScript(stage, contextIn(root, extra, POSIX))).toContain(words);
  });
});

describe('escapes', () => {
  it.each([
    ['plain/word-1.txt', 'plain/word-1.txt', 'plain/word-1.txt'],
    ['', "''", "''"],
    ["it's", String.raw`$'it\'s'`, String.raw`'it'\''s'`],
    ['a\nb', String.raw`$'a\nb'`, "'a\nb'"],
    ['ü', String.raw`$'\xc3\xbc'`, "'ü'"],
  ])('of %j', (text, ansi, posix) => {
    expect([escapeAnsiC(text), escapePosix(text)]).toEqual([ansi, posix]);
  });
});

describe('get_sources', () => {
  let git: Awaited<ReturnType<typeof startGitServer>>;
  beforeEach(async () => {
    git = await startGitServer('token-in-url');
  });
  afterEach(() => git.stop());

  const sources = () => ({
    git_info: {
      repo_url: git.repoUrl,
      ref: 'main',
      sha: git.sha,
      refspecs: ['+refs/heads/main:refs/remotes/origin/main'],
      depth: 0,
    },
    variables: [{ key: 'GIT_STRATEGY', value: 'fetch' }],
  });

  it.each(SHELLS)(
    'checks the commit out for %s with %j and leaves no token in the project',
    async (shell, toml) => {
      const first = await runStage(shell, 'get_sources', toml, sources());
      expect(first.stderr).not.toContain('fatal');
      expect(plain(first.stdout)).toContain(
        `Checking out ${git.sha.slice(0, 8)} as detached HEAD (ref is main)...`,
      );
      const project = join(root, 'builds/g/p');
      expect(await readFile(join(project, 'file'), 'utf8')).toBe('one\n');
      expect(await readFile(join(project, '.git/config'), 'utf8')).not.toContain('token-in-url');

      await writeFile(join(project, 'left-over'), '');
      expect((await runStage(shell, 'get_sources', toml, sources())).code).toBe(0);
      expect(existsSync(join(project, 'left-over'))).toBe(false);
    },
  );

  it('asks the address of clone_url instead, with the job token', async () => {
    const extra = { ...sources(), token: 'token-in-url' };
    const elsewhere = {
      ...extra,
      git_info: { ...extra.git_info, repo_url: 'http://gitlab.invalid/origin.git' },
    };
    const variables = [...extra.variables, { key: 'CI_PROJECT_PATH', value: 'origin' }];
    const toml = `clone_url = "http://${git.host}"\n`;
    const { code } = await runStage('bash', 'get_sources', toml, { ...elsewhere, variables });
    expect(code).toBe(0);
    expect(existsSync(join(root, 'builds/g/p/file'))).toBe(true);
  });

  it.each([
    ['none', 'Skipping Git repository setup'],
    ['empty', 'creating an empty build directory'],
  ])('leaves git alone with GIT_STRATEGY %s', async (strategy, words) => {
    const extra = { variables: [{ key: 'GIT_STRATEGY', value: strategy }] };
    const { stdout, code } = await runStage('bash', 'get_sources', '', extra);
    expect(code).toBe(0);
    expect(stdout).toContain(words);
    expect(existsSync(join(root, 'builds/g/p'))).toBe(true);
  });
});
