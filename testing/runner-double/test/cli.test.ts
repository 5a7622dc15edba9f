import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitLabServer } from './support/gitlab-server.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function cli(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH }, cwd: directory };
    execFile(process.execPath, [MAIN, ...argv], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('gitlab-runner', () => {
  it.each([['--help'], ['-h'], ['help'], ['run', '--help'], []])(
    'says with arguments %j that it is a stand-in',
    async (...argv) => {
      const { code, stdout } = await cli(...argv);
      expect(code).toBe(0);
      expect(stdout).toContain('a stand-in for tests');
      expect(stdout).toContain("not GitLab's program");
    },
  );

  it.each([['--version'], ['-v']])('shows its version with %s', async (option) => {
    const { code, stdout } = await cli(option);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Version: {6}\d+\.\d+\.\d+\nGit revision: double\n/);
  });

  it('rejects an unknown command', async () => {
    const { code, stderr } = await cli('register');
    expect(code).toBe(1);
    expect(stderr).toContain('Command register not found');
  });

  it('reports the error in the configuration file', async () => {
    const { code, stderr } = await cli('run', '--config', join(directory, 'none.toml'));
    expect(code).toBe(1);
    expect(stderr).toContain('none.toml cannot be read');
  });
});

describe('verify and unregister', () => {
  let server: GitLabServer;
  let config: string;
  beforeEach(async () => {
    server = await new GitLabServer().start();
    config = join(directory, 'config.toml');
    const runner = (name: string, token: string) =>
      `[[runners]]\nname = "${name}"\nurl = "${server.url}"\ntoken = "${token}"\nexecutor = "custom"\n`;
    await writeFile(
      config,
      `concurrent = 1\n${runner('known', server.runnerToken)}${runner('gone', 'glrt-gone')}`,
    );
  });
  afterEach(() => server.stop());

  it('verify exits with 1 if GitLab does not know a runner', async () => {
    const { code, stderr } = await cli('verify', '--config', config);
    expect(code).toBe(1);
    expect(stderr).toContain('Verifying runner... is valid');
    expect(stderr).toContain('Verifying runner... is not valid');
  });

  it('verify checks only the selected runner', async () => {
    expect((await cli('verify', '-c', config, '--name', 'known')).code).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  it('verify --delete removes runners that GitLab does not know from the file', async () => {
    expect((await cli('verify', '--delete', '--config', config)).code).toBe(0);
    const text = await readFile(config, 'utf8');
    expect(text).toContain('known');
    expect(text).not.toContain('gone');
  });

  it('unregister --all-runners removes this manager from GitLab, and unregistered runners from the file', async () => {
    const { code } = await cli('unregister', '--all-runners', '--config', config);
    expect(code).toBe(0);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /api/v4/runners/managers',
      'DELETE /api/v4/runners/managers',
    ]);
    expect(server.requests[0]?.body).toEqual({
      token: server.runnerToken,
      system_id: (await readFile(join(directory, '.runner_system_id'), 'utf8')).trim(),
    });
    expect(await readFile(config, 'utf8')).not.toContain('known');
  });

  it('unregister with url and token unregisters only that runner', async () => {
    const { code } = await cli(
      'unregister',
      '-c',
      config,
      '--url',
      server.url,
      '--token',
      server.runnerToken,
    );
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(await readFile(config, 'utf8')).toContain('gone');
  });

  it('unregister exits with 1 if GitLab rejects it or no runner is selected', async () => {
    expect((await cli('unregister', '-c', config, '--token', 'glrt-gone')).code).toBe(1);
    expect((await cli('unregister', '-c', config)).code).toBe(1);
  });
});
