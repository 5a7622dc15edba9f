import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { artifactsDownloader } from '../src/commands/artifacts-downloader.ts';
import { artifactsUploader } from '../src/commands/artifacts-uploader.ts';
import { cacheArchiver } from '../src/commands/cache-archiver.ts';
import { cacheExtractor } from '../src/commands/cache-extractor.ts';
import { readEnvironment } from '../src/environment.ts';
import { Logger } from '../src/log.ts';
import { files } from './support/files.ts';
import { GitLabServer } from './support/gitlab-server.ts';
import { jobPayload } from './support/job.ts';

let root: string;
let lines: string[];
let log: Logger;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'artifacts-'));
  lines = [];
  log = new Logger({ format: 'runner', level: 'info' }, {}, (line) => lines.push(line));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('artifacts', () => {
  let server: GitLabServer;
  const environment = readEnvironment({ CI_JOB_NAME: 'my job', TMPDIR: tmpdir() });
  beforeEach(async () => {
    server = await new GitLabServer().start();
    server.enqueue(jobPayload(9, []));
  });
  afterEach(() => server.stop());

  const credentials = (token = 'jobtoken-9-secret') => ['--url', server.url, '--token', token, '--id', '9'];
  const upload = (...argv: string[]) =>
    artifactsUploader([...credentials(), ...argv], environment, log, join(root, 'from'));

  it('are uploaded and downloaded with their permissions', async () => {
    await files(join(root, 'from'), { 'out/run': 'echo' });
    await chmod(join(root, 'from/out/run'), 0o755);
    await mkdir(join(root, 'to'));
    const options = [
      '--path',
      'out/',
      '--name',
      'of $CI_JOB_NAME',
      '--expire-in',
      '1 week',
      '--artifact-type',
      'archive',
    ];
    expect(await upload(...options, '--artifact-format', 'zip')).toBe(0);
    const [artifact] = server.jobs.get(9)?.artifacts ?? [];
    expect(artifact?.name).toBe('of my job.zip');
    expect(Object.fromEntries(new URLSearchParams(artifact?.query))).toEqual({
      expire_in: '1 week',
      artifact_type: 'archive',
      artifact_format: 'zip',
    });
    expect(await artifactsDownloader(credentials(), environment, log, join(root, 'to'))).toBe(0);
    expect((await stat(join(root, 'to/out/run'))).mode & 0o777).toBe(0o755);
    expect(lines.join('\n')).toContain('Uploading artifacts as "archive" to coordinator... 201 Created');
    expect(lines.join('\n')).toContain('Downloading artifacts from coordinator... ok');
  });

  it('are one gzip member per file for a report', async () => {
    await files(join(root, 'from'), { 'a.xml': '<a/>', 'b.xml': '<b/>' });
    const options = ['--path', '*.xml', '--name', 'junit.xml', '--artifact-type', 'junit'];
    expect(await upload(...options, '--artifact-format', 'gzip')).toBe(0);
    const [artifact] = server.jobs.get(9)?.artifacts ?? [];
    expect(artifact?.name).toBe('junit.xml.gz');
    expect(artifact?.content.toString('latin1')).toContain('b.xml');
    expect(gunzipSync(artifact?.content ?? Buffer.alloc(0)).toString()).toBe('<a/><b/>');
  });

  it('are the unchanged file in raw format', async () => {
    await files(join(root, 'from'), { 'deploy.env': 'A=1' });
    expect(await upload('--path=deploy.env', '--artifact-format', 'raw', '--name', 'env')).toBe(0);
    expect(server.jobs.get(9)?.artifacts[0]).toMatchObject({ name: 'env', content: Buffer.from('A=1') });
  });

  it('do not fail the command if no file matches', async () => {
    await mkdir(join(root, 'from'));
    expect(await upload('--path', 'nope')).toBe(0);
    expect(lines.join('\n')).toContain('ERROR: No files to upload');
    expect(server.jobs.get(9)?.artifacts).toEqual([]);
  });

  it.each([
    [413, 'too large'],
    [403, 'permission denied'],
  ])('exit with 1 after a %d', async (status, words) => {
    await files(join(root, 'from'), { a: '' });
    server.faults.push({ matches: /POST/, answer: { status } });
    expect(await upload('--path', 'a')).toBe(1);
    expect(lines.join('\n')).toContain(`FATAL: ${words}`);
  });

  it('are uploaded with retries when the server fails', async () => {
    await files(join(root, 'from'), { a: 'text' });
    server.faults.push(
      { matches: /POST/, answer: { status: 500 } },
      { matches: /POST/, answer: { status: 503 } },
    );
    expect(await upload('--path', 'a')).toBe(0);
    expect(server.jobs.get(9)?.artifacts).toHaveLength(1);
  });

  it.each([
    ['a wrong token', 'jobtoken-wrong', 'permission denied'],
    ['nothing to download', 'jobtoken-9-secret', 'file does not exist'],
  ])('exit with 1 for %s', async (_, token, words) => {
    expect(await artifactsDownloader(credentials(token), environment, log, root)).toBe(1);
    expect(lines.join('\n')).toContain(`FATAL: ${words}`);
  });

  it.each([
    ['--token', 't', '--id', '9'],
    ['--url', 'http://x', '--id', '9'],
    ['--url', 'http://x', '--token', 't', '--id', '0'],
  ])('require url, token and id: %s %s %s %s', async (...argv) => {
    expect(await artifactsUploader([...argv, '--path', 'a'], environment, log, root)).toBe(1);
    expect(await artifactsDownloader(argv, environment, log, root)).toBe(1);
  });

  it('read the credentials from the job environment', async () => {
    await files(join(root, 'from'), { a: 'x' });
    const variables = { CI_SERVER_URL: server.url, CI_JOB_TOKEN: 'jobtoken-9-secret', CI_JOB_ID: '9' };
    const fromJob = readEnvironment({ ...variables, TMPDIR: tmpdir() });
    expect(await artifactsUploader(['--path', 'a'], fromJob, log, join(root, 'from'))).toBe(0);
  });
});

describe('a cache', () => {
  const environment = readEnvironment({ TMPDIR: tmpdir() });
  const archive = (...paths: string[]) =>
    cacheArchiver(
      ['--file', '../cache/k/cache.zip', ...paths.flatMap((path) => ['--path', path])],
      environment,
      log,
      join(root, 'p'),
    );
  const extract = () => cacheExtractor(['--file', '../cache/k/cache.zip'], log, join(root, 'p'));

  it('is restored unchanged', async () => {
    await files(root, { 'p/node_modules/x': 'one' });
    expect(await archive('node_modules')).toBe(0);
    await rm(join(root, 'p/node_modules'), { recursive: true });
    expect(await extract()).toBe(0);
    expect(await readFile(join(root, 'p/node_modules/x'), 'utf8')).toBe('one');
  });

  it('is not written again without changes', async () => {
    await files(root, { 'p/a': 'one' });
    await archive('a');
    const before = (await lstat(join(root, 'cache/k/cache.zip'))).mtimeMs;
    expect(await archive('a')).toBe(0);
    expect((await lstat(join(root, 'cache/k/cache.zip'))).mtimeMs).toBe(before);
    expect(lines.join('\n')).toContain('Archive is up to date!');
  });

  it('exits with 1 if it is missing, so that the next key is tried', async () => {
    await mkdir(join(root, 'p'));
    expect(await extract()).toBe(1);
    expect(lines.join('\n')).toContain('Cache file does not exist');
  });

  it('is not created without files', async () => {
    await mkdir(join(root, 'p'));
    expect(await archive('nope')).toBe(0);
    expect(lines.join('\n')).toContain('No files to cache.');
  });
});
