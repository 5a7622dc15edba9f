import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Job, Project } from '../src/index.ts';
import { type Fixture, put, runningJob, startFixture } from './helpers.ts';

const HOST = 'registry.example.com:5050';
const { privateKey: key } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
/** Paths of further projects. The jobs belong to the fixture's project, `acme/shop`. */
const PATHS = { private: 'acme/closed', public: 'acme/open', allowing: 'acme/allowing' } as const;

let fixture: Fixture;
let job: Job;
let projects: Record<keyof typeof PATHS, Project>;
beforeAll(async () => {
  fixture = await startFixture();
  const { gitlab } = fixture;
  gitlab.enableRegistry({ host: HOST, key });
  projects = {
    private: await gitlab.createProject({ path: PATHS.private }),
    public: await gitlab.createProject({ path: PATHS.public, visibility: 'public' }),
    allowing: await gitlab.createProject({ path: PATHS.allowing, jobTokenAllowlist: ['acme/shop'] }),
  };
  job = await runningJob(fixture);
});

const accessSchema = z.array(
  z.looseObject({ type: z.string(), name: z.string(), actions: z.array(z.string()) }),
);
const claimsSchema = z.looseObject({
  access: accessSchema,
  iat: z.number(),
  exp: z.number(),
  nbf: z.number(),
});

function requestToken(login: string | undefined, ...scopes: string[]): Promise<Response> {
  const query = new URLSearchParams({ service: 'container_registry' });
  for (const scope of scopes) query.append('scope', scope);
  const authorization = `Basic ${Buffer.from(login ?? '').toString('base64')}`;
  return fetch(
    `${fixture.gitlab.url}/jwt/auth?${query}`,
    login === undefined ? {} : { headers: { authorization } },
  );
}

function tokenPart(token: string, index: number): unknown {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'));
}

async function tokenOf(response: Response): Promise<string> {
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return z.strictObject({ token: z.string() }).parse(body).token;
}

/** The access that a login is granted for scopes, as `repository actions`. */
async function granted(login: string | undefined, ...scopes: string[]): Promise<string[]> {
  const { access } = claimsSchema.parse(tokenPart(await tokenOf(await requestToken(login, ...scopes)), 1));
  return access.map(({ name, actions }) => `${name} ${actions.join()}`);
}

const ofJob = () => `gitlab-ci-token:${job.token}`;

describe('the token', () => {
  it('is signed with the key of its header, in the registry format, and is valid for five minutes', async () => {
    const token = await tokenOf(await requestToken(ofJob(), 'repository:acme/shop/app:pull'));
    const [header = '', payload = '', signature = ''] = token.split('.');
    const publicKey = createPublicKey(key);
    const isValid = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      publicKey,
      Buffer.from(signature, 'base64url'),
    );
    expect(isValid).toBe(true);
    expect(tokenPart(token, 0)).toMatchObject({
      typ: 'JWT',
      alg: 'RS256',
      kid: expect.stringMatching(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/),
    });
    const claims = claimsSchema.parse(tokenPart(token, 1));
    expect(claims).toMatchObject({
      iss: 'omnibus-gitlab-issuer',
      aud: 'container_registry',
      sub: 'root',
      auth_type: 'build',
      access: [{ type: 'repository', meta: { project_path: 'acme/shop' } }],
    });
    expect([claims.exp - claims.iat, claims.iat - claims.nbf]).toEqual([300, 5]);
  });

  it('has a key id that is the SHA-256 of the public key in base 32', async () => {
    const { kid } = z
      .looseObject({ kid: z.string() })
      .parse(tokenPart(await tokenOf(await requestToken(ofJob())), 0));
    const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const first = createHash('sha256').update(der).digest()[0] ?? 0;
    expect('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(kid.charAt(0))).toBe(first >> 3);
  });
});

describe('the token of a running job', () => {
  it.each([
    {
      what: 'pulls from and pushes to its own project',
      scope: 'acme/shop/app:pull,push',
      gets: 'acme/shop/app pull,push',
    },
    { what: "pushes to the project's own repository", scope: 'acme/shop:push', gets: 'acme/shop push' },
    {
      what: 'pulls from a public project but does not push',
      scope: 'acme/open/a/b:pull,push',
      gets: 'acme/open/a/b pull',
    },
    {
      what: 'pulls from a project that has it in its allowlist',
      scope: 'acme/allowing/app:pull,push',
      gets: 'acme/allowing/app pull',
    },
    { what: 'has no access to another private project', scope: 'acme/closed/app:pull', gets: undefined },
    { what: 'has no access to an unknown project', scope: 'acme/nowhere/app:pull', gets: undefined },
    { what: 'does not match a mere prefix of a name', scope: 'acme/shopping/app:pull', gets: undefined },
    { what: 'is not granted all actions', scope: 'acme/shop/app:*', gets: undefined },
    { what: 'has no access to an invalid name', scope: 'acme/shop/APP:pull', gets: undefined },
  ])('$what', async ({ scope, gets }) => {
    expect(await granted(ofJob(), `repository:${scope}`)).toEqual(gets === undefined ? [] : [gets]);
  });

  it('covers several scopes, in separate parameters or in one', async () => {
    const [one, other] = ['repository:acme/shop/app:pull,push', 'repository:acme/open/base:pull'];
    const both = ['acme/shop/app pull,push', 'acme/open/base pull'];
    expect(await granted(ofJob(), one, other)).toEqual(both);
    expect(await granted(ofJob(), `${one} ${other}`)).toEqual(both);
  });

  it('is invalid once the job has finished', async () => {
    const ended = await runningJob(fixture);
    await put(fixture.gitlab, ended, { state: 'success' });
    expect(
      (await requestToken(`gitlab-ci-token:${ended.token}`, 'repository:acme/shop/app:pull')).status,
    ).toBe(401);
  });
});

describe('a deploy token', () => {
  const login = (scopes?: ('read_registry' | 'write_registry' | 'read_repository')[]) => {
    const { username, token } = fixture.gitlab.createDeployToken({
      projects: [projects.private],
      ...(scopes ? { scopes } : {}),
    });
    return `${username}:${token}`;
  };
  const scope = `repository:${PATHS.private}/app:pull,push`;

  it('pulls from its project, and pushes only with the write scope', async () => {
    expect(await granted(login(), scope)).toEqual(['acme/closed/app pull']);
    expect(await granted(login(['read_registry', 'write_registry']), scope)).toEqual([
      'acme/closed/app pull,push',
    ]);
  });

  it('grants access to its own and public projects only', async () => {
    expect(await granted(login(), 'repository:acme/shop/app:pull', 'repository:acme/open/app:pull')).toEqual([
      'acme/open/app pull',
    ]);
  });

  it('with repository scope only is denied with the response of GitLab', async () => {
    const response = await requestToken(login(['read_repository']), scope);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'DENIED', message: 'access forbidden' }],
    });
  });

  it('requires its own user name', async () => {
    const [, token = ''] = login().split(':');
    expect((await requestToken(`another-user:${token}`, scope)).status).toBe(401);
  });
});

describe('a personal access token', () => {
  it('of the administrator grants access to everything with any user name', async () => {
    const scope = `repository:${PATHS.private}/app:pull,push`;
    expect(await granted(`any-user:${fixture.gitlab.privateToken}`, scope)).toEqual([
      'acme/closed/app pull,push',
    ]);
  });
});

describe('without credentials', () => {
  it('public projects can be pulled', async () => {
    expect(await granted(undefined, 'repository:acme/open/app:pull,push')).toEqual(['acme/open/app pull']);
  });

  it.each([['repository:acme/shop/app:pull'], []])('everything else is denied: %s', async (...scopes) => {
    const response = await requestToken(undefined, ...scopes);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'DENIED', message: 'access forbidden' }],
    });
  });
});

describe('the token service rejects', () => {
  it.each([['gitlab-ci-token:wrong'], ['root:wrong'], ['nobody:'], [':']])('a login %j', async (login) => {
    const response = await requestToken(login, 'repository:acme/open/app:pull');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'UNAUTHORIZED', message: expect.stringContaining('HTTP Basic: Access denied.') }],
    });
  });

  it('POST, so that Docker falls back to GET', async () => {
    const response = await fetch(`${fixture.gitlab.url}/jwt/auth`, {
      method: 'POST',
      body: 'grant_type=password',
    });
    expect(response.status).toBe(404);
    expect(fixture.gitlab.protocolErrors).toEqual([]);
  });

  it('an unknown service, which is a protocol error', async () => {
    const { gitlab } = await startFixture();
    const response = await fetch(`${gitlab.url}/jwt/auth?service=registry`);
    expect(response.status).toBe(404);
    expect(gitlab.protocolErrors).toMatchObject([
      { status: 404, message: expect.stringContaining('registry') },
    ]);
  });

  it('every request while no registry is enabled', async () => {
    const { gitlab } = await startFixture();
    const response = await fetch(`${gitlab.url}/jwt/auth?service=container_registry`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      errors: [{ code: 'UNAVAILABLE', message: 'registry not enabled' }],
    });
  });
});
