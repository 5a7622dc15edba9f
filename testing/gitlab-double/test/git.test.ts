import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { gitEnvironment } from '../src/git/git-environment.ts';
import { type Fixture, put, runningJob, startFixture } from './helpers.ts';

const run = promisify(execFile);

let fixture: Fixture;
let directory: string;
beforeAll(async () => {
  fixture = await startFixture();
  directory = await mkdtemp(join(tmpdir(), 'git-test-'));
  return () => rm(directory, { recursive: true, force: true });
});

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: directory, env: gitEnvironment() });
  return stdout.trim();
}

function urlWith(password: string, path = 'acme/shop', user = 'gitlab-ci-token'): string {
  const url = new URL(`${fixture.gitlab.url}/${path}.git`);
  url.username = user;
  url.password = password;
  return url.href;
}

describe('git over HTTP', () => {
  it('clones the project with the token of a running job', async () => {
    const job = await runningJob(fixture);
    await git('clone', '--quiet', urlWith(job.token), 'whole');
    expect(await readFile(join(directory, 'whole/README.md'), 'utf8')).toBe('# Shop\n');
    expect(await git('-C', 'whole', 'rev-parse', 'HEAD')).toBe(job.pipeline.commit.sha);
  });

  it('fetches the pipeline by its persistent ref, shallow, as a runner does', async () => {
    const { gitlab, project } = fixture;
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251);
    const files = { 'large.bin': bytes, 'bin/run.sh': { content: '#!/bin/sh\n', mode: 0o755 } };
    await gitlab.pushCommit(project, { files, message: 'on a branch', branch: 'topic/x' });
    const job = await runningJob(fixture);
    const pipeline = job.pipeline.id;
    await git('init', '--quiet', 'shallow');
    const refspec = `+refs/pipelines/${pipeline}:refs/pipelines/${pipeline}`;
    await git('-C', 'shallow', 'fetch', '--quiet', '--depth', '1', urlWith(job.token), refspec);
    expect(await git('-C', 'shallow', 'rev-list', '--count', `refs/pipelines/${pipeline}`)).toBe('1');
    await git('-C', 'shallow', 'fetch', '--quiet', urlWith(job.token), 'topic/x');
    await git('-C', 'shallow', 'checkout', '--quiet', 'FETCH_HEAD');
    expect(new Uint8Array(await readFile(join(directory, 'shallow/large.bin')))).toEqual(bytes);
    expect((await stat(join(directory, 'shallow/bin/run.sh'))).mode & 0o111).not.toBe(0);
  });

  it.each(['a wrong token', 'no password', 'another user name', 'a finished job', 'another project'])(
    'is denied with %s',
    async (what) => {
      const job = await runningJob(fixture);
      await fixture.gitlab.createProject({ path: `acme/${what.replaceAll(' ', '-')}` });
      if (what === 'a finished job') await put(fixture.gitlab, job, { state: 'success' });
      const url =
        {
          'a wrong token': urlWith('glcbt-wrong'),
          'no password': urlWith(''),
          'another user name': urlWith(job.token, 'acme/shop', 'root'),
          'another project': urlWith(job.token, 'acme/another-project'),
        }[what] ?? urlWith(job.token);
      const plain = new URL(url);
      const authorization = `Basic ${Buffer.from(`${plain.username}:${plain.password}`).toString('base64')}`;
      const response = await fetch(`${plain.origin}${plain.pathname}/info/refs?service=git-upload-pack`, {
        headers: { authorization },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Basic');
      await expect(git('ls-remote', url)).rejects.toThrow();
    },
  );

  it('of a public project can be read anonymously and by every job', async () => {
    const { gitlab } = fixture;
    const project = await gitlab.createProject({ path: 'acme/open', visibility: 'public' });
    await gitlab.pushCommit(project, { files: { 'open.txt': 'open' }, message: 'first' });
    const job = await runningJob(fixture);
    expect(await git('ls-remote', `${gitlab.url}/acme/open.git`)).toContain('refs/heads/main');
    expect(await git('ls-remote', urlWith(job.token, 'acme/open'))).toContain('refs/heads/main');
  });

  it('rejects a push with a job token', async () => {
    const job = await runningJob(fixture);
    const url = urlWith(job.token);
    await git('clone', '--quiet', url, 'pushing');
    await git('-C', 'pushing', 'commit', '--quiet', '--allow-empty', '--message', 'sneaky');
    await expect(git('-C', 'pushing', 'push', 'origin', 'HEAD:main')).rejects.toThrow('403');
  });

  it('removes files with a commit', async () => {
    const { gitlab, project } = fixture;
    await gitlab.pushCommit(project, { files: { 'gone.txt': 'x' }, message: 'add' });
    await gitlab.pushCommit(project, { files: { 'gone.txt': null }, message: 'remove' });
    const job = await runningJob(fixture);
    await git('clone', '--quiet', urlWith(job.token), 'removed');
    expect(await git('-C', 'removed', 'ls-files')).not.toContain('gone.txt');
  });
});
