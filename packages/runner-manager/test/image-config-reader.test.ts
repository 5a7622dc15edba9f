import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { imageSource } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { apiUrl } from '../src/registry/api-url.ts';
import { parseChallenge } from '../src/registry/bearer-challenge.ts';
import { createEcrLogin } from '../src/registry/ecr-login.ts';
import { createImageConfigReader } from '../src/registry/image-config-reader.ts';
import type { readDigest, readImageConfig } from '../src/registry/read-image-config.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const TAGGED = imageSource('alpine:3');
const FIXED = imageSource(`alpine@${DIGEST}`);
const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

describe('the source of an image', () => {
  it.each([
    ['alpine', 'https://registry-1.docker.io/v2/library/alpine', 'latest'],
    ['alpine:3', 'https://registry-1.docker.io/v2/library/alpine', '3'],
    ['docker.io/acme/app:1', 'https://registry-1.docker.io/v2/acme/app', '1'],
    ['registry.example.com:5050/a/b/c', 'https://registry.example.com:5050/v2/a/b/c', 'latest'],
    [`ghcr.io/a/b:1@${DIGEST}`, 'https://ghcr.io/v2/a/b', DIGEST],
  ])('%s is at %s, %s', (image, url, reference) => {
    expect(apiUrl(imageSource(image))).toBe(url);
    expect(imageSource(image).reference).toBe(reference);
  });
});

describe("a registry's challenge", () => {
  it.each([
    [null, undefined],
    ['Negotiate', undefined],
    ['Bearer service="x"', undefined],
    ['Basic realm="x"', { scheme: 'basic' }],
    [
      'bearer Realm="https://a/b?c=1,2",scope="repository:a/b:pull,push"',
      { scheme: 'bearer', realm: 'https://a/b?c=1,2', service: undefined, scope: 'repository:a/b:pull,push' },
    ],
    [
      String.raw`Bearer realm="https://a/\"", service="s"`,
      { scheme: 'bearer', realm: 'https://a/"', service: 's', scope: undefined },
    ],
  ])('%s is %j', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });
});

describe('a reader of image configurations', () => {
  let time: number;
  const read = vi.fn<typeof readImageConfig>();
  const digest = vi.fn<typeof readDigest>();
  const config = { entryPoint: ['/run'], command: ['a'] };
  const reader = () =>
    createImageConfigReader({
      gitlabUrl: 'https://gitlab.test/x',
      ecrLogin: async () => undefined,
      read,
      digest,
      now: () => time,
    });

  beforeEach(() => {
    time = 0;
    read.mockReset().mockImplementation(async () => ({ config, digest: DIGEST }));
    digest.mockReset().mockImplementation(async () => DIGEST);
  });

  it('reads once for concurrent jobs, and caches digests without expiry', async () => {
    const ask = reader();
    await Promise.all([ask(FIXED, 'X86_64', undefined), ask(FIXED, 'X86_64', undefined)]);
    time = 1e9;
    await ask(FIXED, 'X86_64', undefined);
    expect(read).toHaveBeenCalledTimes(1);
    expect(read.mock.lastCall?.[2]).toMatchObject({ gitlabOrigin: 'https://gitlab.test', login: undefined });
  });

  it('checks a tag after five minutes, and reads the image again only if the tag has moved', async () => {
    const ask = reader();
    for (time of [0, 299_999, 300_000, 599_999]) await ask(TAGGED, 'X86_64', undefined);
    expect([digest.mock.calls.length, read.mock.calls.length]).toEqual([1, 1]);
    digest.mockImplementation(async () => `sha256:${'b'.repeat(64)}`);
    for (time of [600_000, 600_001]) await ask(TAGGED, 'X86_64', undefined);
    expect([digest.mock.calls.length, read.mock.calls.length]).toEqual([2, 2]);
  });

  it.each<[string, () => Promise<undefined>]>([
    ['does not say what its tag means', async () => undefined],
    [
      'fails to',
      async () => {
        throw new Error('boom');
      },
    ],
  ])('returns no stale result if the registry %s', async (_, answer) => {
    const ask = reader();
    await ask(TAGGED, 'X86_64', undefined);
    digest.mockImplementationOnce(answer);
    time = 300_000;
    await ask(TAGGED, 'X86_64', undefined).catch(() => {});
    await ask(TAGGED, 'X86_64', undefined);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('reads separately for each architecture and login', async () => {
    const ask = reader();
    for (const login of [undefined, { username: 'a', password: 'b' }, { username: 'a', password: 'c' }]) {
      await ask(FIXED, 'X86_64', login);
      await ask(FIXED, 'ARM64', login);
    }
    expect(read).toHaveBeenCalledTimes(6);
  });

  it('does not cache a failure', async () => {
    const ask = reader();
    read.mockRejectedValueOnce(new Error('boom'));
    await expect(ask(FIXED, 'X86_64', undefined)).rejects.toThrow('boom');
    expect(await ask(FIXED, 'X86_64', undefined)).toEqual(config);
  });

  it('keeps the 200 most recently used', async () => {
    const ask = reader();
    const others = Array.from({ length: 200 }, (_, index) => imageSource(`other:${index}`));
    await ask(FIXED, 'X86_64', undefined);
    for (const other of others.slice(1)) await ask(other, 'X86_64', undefined);
    await ask(FIXED, 'X86_64', undefined);
    expect(read).toHaveBeenCalledTimes(200);
    for (const other of others.slice(0, 2)) await ask(other, 'X86_64', undefined);
    await ask(FIXED, 'X86_64', undefined);
    expect(read).toHaveBeenCalledTimes(202);
  });
});

describe('a login to Amazon ECR', () => {
  const ecr = mockClient(ECRClient);
  const token = (text: string, expiresAt = new Date(43_200_000)) => ({
    authorizationData: [{ authorizationToken: Buffer.from(text).toString('base64'), expiresAt }],
  });

  beforeEach(() => void ecr.reset());

  it('is requested once per region, until it is about to expire', async () => {
    let time = 0;
    const login = createEcrLogin(() => time);
    ecr.on(GetAuthorizationTokenCommand).resolves(token('AWS:pa:ss'));
    expect(await login(ECR)).toEqual({ username: 'AWS', password: 'pa:ss' });
    time = 42_599_999;
    await login(ECR.replace('1234', '4321'));
    expect(ecr.commandCalls(GetAuthorizationTokenCommand)).toHaveLength(1);
    time = 42_600_000;
    await login(ECR);
    expect(ecr.commandCalls(GetAuthorizationTokenCommand)).toHaveLength(2);
  });

  it.each(['docker.io', 'public.ecr.aws', `evil.example.com/${ECR}`, `${ECR}.evil.example.com`])(
    'is not for %s',
    async (registry) => {
      expect(await createEcrLogin()(registry)).toBeUndefined();
      expect(ecr.calls()).toEqual([]);
    },
  );

  it.each<[string, () => void]>([
    ['AWS refuses', () => void ecr.on(GetAuthorizationTokenCommand).rejects(new Error('AccessDenied'))],
    ['AWS gives none', () => void ecr.on(GetAuthorizationTokenCommand).resolves({})],
  ])('that %s is reported as a registry error', async (_, prepare) => {
    prepare();
    await expect(createEcrLogin()(ECR)).rejects.toMatchObject({
      name: 'RegistryError',
      message: expect.stringContaining('no login to Amazon ECR in eu-west-1'),
    });
  });
});
