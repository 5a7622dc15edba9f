import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitServer } from './support/git-server.ts';
import { plain, ScriptSuite, SHELLS } from './support/script-suite.ts';

const suite = new ScriptSuite();

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
    'checks out the commit for %s with %j and stores no token in the project',
    async (shell, toml) => {
      const first = await suite.runStage(shell, 'get_sources', toml, sources());
      expect(first.stderr).not.toContain('fatal');
      expect(plain(first.stdout)).toContain(
        `Checking out ${git.sha.slice(0, 8)} as detached HEAD (ref is main)...`,
      );
      const project = join(suite.root, 'builds/g/p');
      expect(await readFile(join(project, 'file'), 'utf8')).toBe('one\n');
      expect(await readFile(join(project, '.git/config'), 'utf8')).not.toContain('token-in-url');

      await writeFile(join(project, 'left-over'), '');
      expect((await suite.runStage(shell, 'get_sources', toml, sources())).code).toBe(0);
      expect(existsSync(join(project, 'left-over'))).toBe(false);
    },
  );

  it('uses clone_url with the job token', async () => {
    const extra = { ...sources(), token: 'token-in-url' };
    const elsewhere = {
      ...extra,
      git_info: { ...extra.git_info, repo_url: 'http://gitlab.invalid/origin.git' },
    };
    const variables = [...extra.variables, { key: 'CI_PROJECT_PATH', value: 'origin' }];
    const toml = `clone_url = "http://${git.host}"\n`;
    const { code } = await suite.runStage('bash', 'get_sources', toml, { ...elsewhere, variables });
    expect(code).toBe(0);
    expect(existsSync(join(suite.root, 'builds/g/p/file'))).toBe(true);
  });

  it.each([
    ['none', 'Skipping Git repository setup'],
    ['empty', 'creating an empty build directory'],
  ])('does not fetch with GIT_STRATEGY %s', async (strategy, words) => {
    const extra = { variables: [{ key: 'GIT_STRATEGY', value: strategy }] };
    const { stdout, code } = await suite.runStage('bash', 'get_sources', '', extra);
    expect(code).toBe(0);
    expect(stdout).toContain(words);
    expect(existsSync(join(suite.root, 'builds/g/p'))).toBe(true);
  });
});
