import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { imageSource } from '@serverless-gitlab-runner/fleet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImageConfig } from '../src/registry/read-image-config.ts';
import type { RegistryLogin } from '../src/registry/registry-request.ts';
import { answer, type RegistryDouble, type Route, startRegistryDouble } from './support/registry-double.ts';

const COMMAND = ['--fast'];
const ENTRY_POINT = ['/set-up', '--all'];
const LOGIN = { username: 'me', password: 'planted-password' };
const BASIC = `Basic ${Buffer.from('me:planted-password').toString('base64')}`;

let registry: RegistryDouble;

beforeEach(async () => {
  registry = await startRegistryDouble();
});

afterEach(() => registry.stop());

interface Reading {
  architecture?: 'X86_64' | 'ARM64';
  login?: RegistryLogin;
  gitlabOrigin?: string;
  reference?: string;
}

const read = async ({
  architecture = 'X86_64',
  login,
  gitlabOrigin = '',
  reference = ':1',
}: Reading = {}) => {
  const caller = { login, gitlabOrigin, signal: AbortSignal.timeout(5000) };
  const source = imageSource(`${registry.host}/team/app${reference}`);
  return (await readImageConfig(source, architecture, caller)).config;
};

const config = (architecture = 'amd64', Entrypoint: string[] | null = ENTRY_POINT) => ({
  os: 'linux',
  architecture,
  config: { Entrypoint, Cmd: COMMAND },
});

/** An image for one architecture, by the tag `1`. */
function putImage(document: unknown = config(), ...tags: string[]): string {
  const digest = registry.put('blobs', document);
  return registry.put('manifests', { schemaVersion: 2, config: { digest }, layers: [] }, ...tags);
}

/** Makes a route answer with a challenge unless the request has this authorization. */
function close(kind: 'manifests/1', challenge: string, authorization: string): void {
  const path = `/v2/team/app/${kind}`;
  const open = registry.routes.get(path);
  const route: Route = (request, response) =>
    request.headers.authorization === authorization && open
      ? open(request, response)
      : answer(response, 401, '', { 'www-authenticate': challenge });
  registry.routes.set(path, route);
}

describe("an image's configuration", () => {
  it('is found by tag and by digest', async () => {
    const digest = putImage(config(), '1');
    expect(await read()).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
    expect(await read({ reference: `@${digest}` })).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
    expect(await read({ reference: `:nothing@${digest}` })).toEqual({
      entryPoint: ENTRY_POINT,
      command: COMMAND,
    });
  });

  it.each([[null], [undefined]])('that has the entry point and the command %j has none', async (none) => {
    putImage({ os: 'linux', architecture: 'amd64', config: { Entrypoint: none, Cmd: none } }, '1');
    expect(await read()).toEqual({ entryPoint: [], command: [] });
  });

  it('is that of the architecture, if there are several', async () => {
    const manifests = [
      { digest: putImage(config('amd64', ['/x86'])), platform: { os: 'linux', architecture: 'amd64' } },
      { digest: putImage(config('arm64', ['/arm'])), platform: { os: 'linux', architecture: 'arm64' } },
      { digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'unknown', architecture: 'unknown' } },
    ];
    registry.put('manifests', { schemaVersion: 2, manifests }, '1');
    expect(await read()).toMatchObject({ entryPoint: ['/x86'] });
    expect(await read({ architecture: 'ARM64' })).toMatchObject({ entryPoint: ['/arm'] });
  });

  it.each<[string, () => void]>([
    ['an image', () => void putImage(config('s390x'), '1')],
    [
      'an index',
      () => {
        const manifests = [{ digest: putImage(), platform: { os: 'linux', architecture: 's390x' } }];
        registry.put('manifests', { manifests }, '1');
      },
    ],
  ])(
    'is refused if %s has none for the architecture, and the message lists the available ones',
    async (_, put) => {
      put();
      await expect(read()).rejects.toMatchObject({
        kind: 'wrong-architecture',
        message: 'It is not available for X86_64. Available: linux/s390x.',
      });
    },
  );

  it("that does not exist is reported as missing, with the registry's message", async () => {
    await expect(read()).rejects.toMatchObject({
      kind: 'missing',
      message: `${registry.host} answered 404 (MANIFEST_UNKNOWN: manifest unknown)`,
    });
  });

  it.each<[string, Route, RegExp]>([
    [
      'a limit',
      (_, response) => answer(response, 429, { errors: [{ code: 'TOOMANYREQUESTS' }] }),
      /answered 429 \(TOOMANYREQUESTS\)/,
    ],
    ['an error', (_, response) => answer(response, 500, ''), /answered 500$/],
    ['no manifest', (_, response) => answer(response, 200, 'hello'), /unsupported manifest format/],
    [
      'a manifest of old',
      (_, response) => answer(response, 200, { schemaVersion: 1 }),
      /unsupported manifest format/,
    ],
    ['more than is read', (_, response) => answer(response, 200, 'x'.repeat(5_000_000)), /larger than 1 MiB/],
    ['nothing', (_, response) => void response.destroy(), /the request to \S+ failed: .+/],
    [
      'another place without TLS',
      (_, response) => answer(response, 307, '', { location: 'http://localhost/' }),
      /redirects to "http:\/\/localhost\/", which is not an https URL/,
    ],
    [
      'itself, again and again',
      (_, response) => answer(response, 307, '', { location: '/v2/team/app/manifests/1' }),
      /redirects more than 5 times/,
    ],
    [
      'a strange challenge',
      (_, response) => answer(response, 401, '', { 'www-authenticate': 'Negotiate' }),
      /unsupported kind of authentication/,
    ],
  ])('is a registry error if it answers %s', async (_, route, words) => {
    registry.routes.set('/v2/team/app/manifests/1', route);
    await expect(read()).rejects.toThrow(words);
    await expect(read()).rejects.toMatchObject({ name: 'RegistryError' });
  });

  it('is refused if its content does not match its digest', async () => {
    const blob = registry.put('blobs', config());
    registry.put('manifests', { config: { digest: blob } }, '1');
    registry.routes.set(`/v2/team/app/blobs/${blob}`, (_, response) =>
      answer(response, 200, config('amd64', ['/evil'])),
    );
    await expect(read()).rejects.toThrow(/content that does not match sha256:/);
  });

  it("is fetched from the redirect's host, which does not get the login", async () => {
    const blob = registry.put('blobs', config());
    registry.put('manifests', { config: { digest: blob } }, '1');
    const path = `/v2/team/app/blobs/${blob}`;
    registry.routes.set('/elsewhere', (_, response) => answer(response, 200, JSON.stringify(config())));
    registry.routes.set(path, (request, response) =>
      request.headers.authorization === BASIC
        ? answer(response, 307, '', { location: `https://${registry.otherHost}/elsewhere` })
        : answer(response, 401, '', { 'www-authenticate': 'Basic realm="registry"' }),
    );
    expect(await read({ login: LOGIN })).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
    expect(registry.requests.at(-1)).toEqual({
      host: registry.otherHost,
      path: '/elsewhere',
      authorization: undefined,
    });
  });
});

describe('a registry that requires a login', () => {
  const challenge = () =>
    `Bearer realm="https://${registry.host}/token",service="container_registry",scope="repository:team/app:pull"`;

  beforeEach(() => void putImage(config(), '1'));

  it('gets it by Basic authentication if it requests that', async () => {
    close('manifests/1', 'Basic realm="registry"', BASIC);
    expect(await read({ login: LOGIN })).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
  });

  it('gets a token from the server and for the scope that it names', async () => {
    close('manifests/1', challenge(), 'Bearer abc');
    registry.routes.set('/token', (_, response) => answer(response, 200, { token: 'abc' }));
    expect(await read({ login: LOGIN })).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
    expect(registry.requests.find(({ path }) => path.startsWith('/token'))).toEqual({
      host: registry.host,
      path: '/token?service=container_registry&scope=repository%3Ateam%2Fapp%3Apull',
      authorization: BASIC,
    });
  });

  it('does not get it if it is another host after a redirect', async () => {
    const elsewhere = `https://${registry.otherHost}`;
    registry.routes.set('/v2/team/app/manifests/1', (_, response) =>
      answer(response, 307, '', { location: `${elsewhere}/elsewhere` }),
    );
    registry.routes.set('/elsewhere', (_, response) =>
      answer(response, 401, '', { 'www-authenticate': `Bearer realm="${elsewhere}/token",service="x"` }),
    );
    await expect(read({ login: LOGIN })).rejects.toThrow('401');
    expect(registry.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(registry.requests.some(({ path }) => path.startsWith('/token'))).toBe(false);
  });

  it('gives a token to anonymous callers, too', async () => {
    close('manifests/1', challenge(), 'Bearer abc');
    registry.routes.set('/token', (_, response) => answer(response, 200, { access_token: 'abc' }));
    expect(await read()).toEqual({ entryPoint: ENTRY_POINT, command: COMMAND });
  });

  it.each<[string, string, Route | undefined]>([
    ['without one', 'Basic realm="registry"', undefined],
    ['whose token server refuses it', '', (_, response) => answer(response, 401, '')],
    ['whose token is for something else', '', (_, response) => answer(response, 200, { token: 'other' })],
  ])('denies access: %s', async (_, header, token) => {
    close('manifests/1', header || challenge(), 'Bearer abc');
    if (token) registry.routes.set('/token', token);
    await expect(read(token ? { login: LOGIN } : {})).rejects.toMatchObject({ kind: 'not-allowed' });
  });

  it('fails as a registry error if the token server fails', async () => {
    close('manifests/1', challenge(), 'Bearer abc');
    registry.routes.set('/token', (_, response) => answer(response, 200, { token: '' }));
    await expect(read()).rejects.toThrow(/returned no token for localhost:\d+: status 200/);
  });

  it("may use a token server without TLS only if it is the fleet's GitLab", async () => {
    const asked: (string | undefined)[] = [];
    const gitlab = createServer(({ headers }, response) => {
      asked.push(headers.authorization);
      answer(response, 200, { token: 'abc' });
    });
    await new Promise<void>((resolve) => gitlab.listen(0, '127.0.0.1', resolve));
    const { port } = gitlab.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    close('manifests/1', `Bearer realm="${origin}/jwt/auth"`, 'Bearer abc');
    try {
      await expect(read({ login: LOGIN })).rejects.toThrow(
        /names "http:.* as its token server, which is not an https URL/,
      );
      expect(asked).toEqual([]);
      expect(await read({ login: LOGIN, gitlabOrigin: origin })).toEqual({
        entryPoint: ENTRY_POINT,
        command: COMMAND,
      });
      expect(asked).toEqual([BASIC]);
    } finally {
      gitlab.closeAllConnections();
      gitlab.close();
    }
  });
});
