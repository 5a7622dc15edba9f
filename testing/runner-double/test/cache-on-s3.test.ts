import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheObjectName } from '../src/cache/object-name.ts';
import { presign } from '../src/cache/presign.ts';
import { signCacheUrls } from '../src/cache/sign-cache-urls.ts';
import { cacheArchiver } from '../src/commands/cache-archiver.ts';
import { cacheExtractor } from '../src/commands/cache-extractor.ts';
import { readEnvironment } from '../src/environment.ts';
import { Logger } from '../src/log.ts';
import { generateScript } from '../src/scripts/generate-script.ts';
import { contextIn, runnerFrom } from './support/context.ts';
import { files } from './support/files.ts';
import { type ObjectStore, startObjectStore } from './support/object-store.ts';
import { POSIX } from './support/script-suite.ts';

let lines: string[];
let log: Logger;

beforeEach(() => {
  lines = [];
  log = new Logger({ format: 'text', level: 'info' }, {}, (line) => lines.push(line));
});

const s3Of = (toml: string) => {
  const s3 = runnerFrom(`[runners.cache]\nType = "s3"\n[runners.cache.s3]\n${toml}`).cache?.s3;
  if (s3 === undefined) throw new Error('the configuration has no S3');
  return s3;
};

describe('a pre-signed URL', () => {
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: undefined,
  };

  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  it('has the signature of the example by AWS', async () => {
    const s3 = s3Of(
      'BucketName = "examplebucket"\nServerAddress = "s3.amazonaws.com:443"\nPathStyle = false\n',
    );
    const options = { method: 'GET', object: 'test.txt', seconds: 86_400 } as const;
    const url = new URL(await presign(s3, credentials, { ...options, datetime: '20130524T000000Z' }));
    expect(url.host).toBe('examplebucket.s3.amazonaws.com');
    expect(url.searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it.each([
    ['BucketLocation = "eu-west-1"', 'https://b.s3.dualstack.eu-west-1.amazonaws.com/p/k%20%2B%C3%BC'],
    ['ServerAddress = "s3:9000"\nInsecure = true', 'http://s3:9000/b/p/k%20%2B%C3%BC'],
    ['ServerAddress = "s3:9000"\nPathStyle = false', 'https://b.s3:9000/p/k%20%2B%C3%BC'],
  ])('has the host and path for %j', async (toml, expected) => {
    const s3 = s3Of(`BucketName = "b"\n${toml}\n`);
    const url = await presign(s3, credentials, { method: 'PUT', object: 'p/k +ü', seconds: 1e9 });
    expect(url.split('?')[0]).toBe(expected);
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('604800');
  });
});

const BUCKET = '[runners.cache.s3]\nBucketName = "b"\n';
const cacheToml = (cache: string) => `[runners.cache]\nType = "s3"\n${cache}\n${BUCKET}`;

describe('the name of an object', () => {
  it.each([
    ['Path = "fleet"', 'k', 'fleet/runner/abcdefghi/project/50/k'],
    ['Path = "a/b"\nShared = true', 'k/l', 'a/b/project/50/k/l'],
    ['', 'k', 'runner/abcdefghi/project/50/k'],
    ['Shared = true', '../51/k', undefined],
  ])('with %j and key %s', (toml, key, expected) => {
    const extra = { job_info: { name: 'job', project_id: 50 } };
    expect(cacheObjectName(contextIn('/root', extra, cacheToml(toml)), key)).toBe(expected);
  });

  it('has a prefix of the digest when keys are hashed, and is undefined without a bucket', () => {
    const flags = '[runners.feature_flags]\nFF_HASH_CACHE_KEYS = true\n';
    const extra = { job_info: { name: 'job', project_id: 50 } };
    const context = contextIn('/root', extra, cacheToml('Shared = true') + flags);
    expect(cacheObjectName(context, 'abcd')).toBe('project/50/ab/abcd');
    expect(cacheObjectName(contextIn('/root', extra), 'abcd')).toBeUndefined();
  });
});

describe('a cache on S3', () => {
  let store: ObjectStore;
  let root: string;

  beforeEach(async () => {
    store = await startObjectStore();
    root = await mkdtemp(join(tmpdir(), 'cache-on-s3-'));
  });
  afterEach(async () => {
    store.stop();
    await rm(root, { recursive: true, force: true });
  });

  const contextOf = (cache: object, variables: object[] = [], more = '') => {
    const extra = { cache: [{ paths: ['deps'], ...cache }], variables };
    const server = `ServerAddress = "${store.address}"\nInsecure = true\nAuthenticationType = "iam"\n`;
    return contextIn(root, extra, `${cacheToml('Path = "f"\nShared = true')}${server}${POSIX}${more}`);
  };
  const urlsOf = (cache: object, variables?: object[]) =>
    signCacheUrls(contextOf(cache, variables), store.environment, log);

  it('has a URL for each key of the job, in order in its scripts', async () => {
    const cache = { key: 'own', fallback_keys: ['$X-second'] };
    const variables = [
      { key: 'X', value: 'the' },
      { key: 'CACHE_FALLBACK_KEY', value: 'third' },
    ];
    const context = contextOf(cache, variables);
    const urls = await signCacheUrls(context, store.environment, log);
    expect([...urls.keys()]).toEqual(['own', 'the-second', 'third']);
    const restore = generateScript('restore_cache', context, urls) ?? '';
    const requested = [...restore.matchAll(/--url\W+http:\/\/[^/]+(\/[^?]*)\?/g)].map(([, path]) => path);
    expect(requested.map((path) => path?.split('/').at(-1))).toEqual(['own', 'the-second', 'third']);
    const archive = generateScript('archive_cache', context, urls) ?? '';
    expect(archive).toContain('--header');
    expect(archive).not.toContain('second');
    expect(restore + archive).not.toContain('the-secret-key');
  });

  it.each(['x-protected. ', 'x-protected/', 'y/../x-protected/.', 'x-protected%2f'])(
    'of a protected branch cannot be selected by a variable as fallback %j',
    async (value) => {
      const variables = [{ key: 'CACHE_FALLBACK_KEY', value }];
      expect([...(await urlsOf({ key: 'own' }, variables)).keys()]).toEqual(['own']);
      expect(generateScript('restore_cache', contextOf({ key: 'own' }, variables))).toContain(
        'not allowed to end in',
      );
    },
  );

  it('is read under both names, even if protected, for jobs that set FF_HASH_CACHE_KEYS, unless the runner sets it', async () => {
    const variables = [
      { key: 'FF_HASH_CACHE_KEYS', value: 'true' },
      { key: 'CACHE_FALLBACK_KEY', value: 'x-protected/' },
    ];
    const paths = async (toml: string) => {
      const context = contextOf({ key: 'own' }, variables, toml);
      const urls = await signCacheUrls(context, store.environment, log);
      return [...urls.values()].map((url) => new URL(url.alternate?.get ?? '').pathname);
    };
    expect(await paths('')).toEqual(['/b/f/project/7/own', '/b/f/project/7/x-protected']);
    const pinned = await paths('\nFF_HASH_CACHE_KEYS = false\n');
    expect(pinned).toEqual([expect.stringMatching(/^\/b\/f\/project\/7\/([0-9a-f]{2})\/\1[0-9a-f]{62}$/)]);
  });

  it('is skipped without credentials, and the log contains the reason', async () => {
    for (const environment of [{}, { ...store.environment, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x' }]) {
      expect((await signCacheUrls(contextOf({ key: 'own' }), environment, log)).size).toBe(0);
    }
    expect(lines.join('\n')).toMatch(
      /pre-signed URL.*contains no credentials endpoint.*\n.*pre-signed URL.*401/,
    );
  });

  const environment = readEnvironment({ TMPDIR: tmpdir() });
  const archive = (url: string, headers: readonly string[], more: readonly string[] = []) =>
    cacheArchiver(
      [
        '--file',
        '../c/k.zip',
        '--path',
        'deps',
        '--url',
        url,
        ...headers.flatMap((header) => ['--header', header]),
        ...more,
      ],
      environment,
      log,
      join(root, 'p'),
    );
  const extract = (url: string) =>
    cacheExtractor(['--file', '../c/k.zip', '--url', url], log, join(root, 'p'));

  it.each([
    ['only under the other name', { '/b/f/project/7/old': 1 }, 'old'],
    ['under both names, the other newer', { '/b/f/project/7/k': 1, '/b/f/project/7/old': 2 }, 'old'],
    ['under both names, its own newer', { '/b/f/project/7/k': 2, '/b/f/project/7/old': 1 }, 'k'],
  ])('that exists %s is restored from the newer object', async (_, times, expected) => {
    const sign = async (key: string) => (await urlsOf({ key })).get(key);
    const [own, other] = [await sign('k'), await sign('old')];
    if (own === undefined || other === undefined) throw new Error('no URL');
    for (const [name, url] of Object.entries({ k: own, old: other })) {
      await rm(join(root, 'c'), { recursive: true, force: true });
      await files(root, { 'p/deps/x': name });
      await archive(url.put, url.putHeaders);
    }
    for (const path of [...store.objects.keys()]) if (!(path in times)) store.objects.delete(path);
    for (const [path, hours] of Object.entries(times)) store.touch(path, hours);
    await rm(root, { recursive: true });
    await files(root, { 'p/y': 'two' });
    const read = ['--url', own.get, '--head-url', own.head, '--alternate-url', other.get];
    const argv = ['--file', '../c/k.zip', ...read, '--alternate-head-url', other.head];
    expect(await cacheExtractor(argv, log, join(root, 'p'))).toBe(0);
    expect(await readFile(join(root, 'p/deps/x'), 'utf8')).toBe(expected);
  });

  it('is restored on another disk with the modification time of its object', async () => {
    const url = (await urlsOf({ key: 'k ü' })).get('k ü');
    await files(root, { 'p/deps/x': 'one' });
    expect(await archive(url?.put ?? '', url?.putHeaders ?? [])).toBe(0);
    expect([...store.objects.keys()]).toEqual(['/b/f/project/7/k%20%C3%BC']);
    await rm(root, { recursive: true });
    await files(root, { 'p/y': 'two' });
    expect(await extract(url?.get ?? '')).toBe(0);
    expect(await readFile(join(root, 'p/deps/x'), 'utf8')).toBe('one');
    expect((await stat(join(root, 'c/k.zip'))).mtime.toISOString()).toBe('2026-11-24T10:00:00.000Z');
    expect(lines.join('\n')).not.toContain('X-Amz');
  });

  it.each([
    [[{ status: 404 }], 1, 'file does not exist', 1],
    [
      [{ status: 403, body: '<Error><Code>AccessDenied</Code><Message>no</Message></Error>' }],
      1,
      'received: 403 Forbidden. Request failed with code: AccessDenied, message: no',
      1,
    ],
    [[{ status: 503 }, { status: 500 }], 0, 'Retrying...', 3],
  ])('answered with %j makes the extractor exit with %i', async (faults, code, words, calls) => {
    const url = (await urlsOf({ key: 'k' })).get('k');
    await files(root, { 'p/deps/x': 'one' });
    await archive(url?.put ?? '', url?.putHeaders ?? []);
    await rm(join(root, 'c'), { recursive: true });
    store.calls.length = 0;
    store.faults.push(...faults);
    expect(await extract(url?.get ?? '')).toBe(code);
    expect(lines.join('\n')).toContain(words);
    expect(store.calls).toHaveLength(calls);
  });

  it('above the size limit of the runner is not uploaded, which is logged, and the job continues', async () => {
    await files(root, { 'p/deps/x': 'x'.repeat(5000) });
    const url = (await urlsOf({ key: 'k' })).get('k');
    const limited = (bytes: number) =>
      archive(url?.put ?? '', [], ['--max-uploaded-archive-size', `${bytes}`]);
    expect(await limited(1)).toBe(0);
    expect(lines.join('\n')).toMatch(/Cache archive size \(\d+\) is too big \(Limit is set to 1\)/);
    expect(store.calls).toEqual([]);
    await rm(join(root, 'c'), { recursive: true });
    expect(await limited(100_000)).toBe(0);
    expect(store.objects.size).toBe(1);
  });

  it.each([
    ['MaxUploadedArchiveSize = 2147483648', true],
    ['', false],
  ])('has the configured size limit in its script: %s', (toml, isLimited) => {
    const context = contextIn(root, { cache: [{ key: 'k', paths: ['deps'] }] }, cacheToml(toml) + POSIX);
    const script = generateScript('archive_cache', context) ?? '';
    expect(/--max-uploaded-archive-size\W+2147483648/.test(script)).toBe(isLimited);
  });

  it('that cannot be uploaded fails the command after all retries', async () => {
    const url = (await urlsOf({ key: 'k' })).get('k');
    await files(root, { 'p/deps/x': 'one' });
    store.faults.push({ status: 500 }, { status: 500 }, { status: 500 });
    expect(await archive(url?.put ?? '', url?.putHeaders ?? [])).toBe(1);
    expect(store.objects.size).toBe(0);
  });
});
