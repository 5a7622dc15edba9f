import { describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { planRegistryLogins } from '../src/job/plan/plan-registry-logins.ts';
import { parseDockerAuthConfig } from '../src/job/request/docker-auth-config.ts';
import { jobOf } from './support/job.ts';

const authOf = (login: string) => ({ auth: Buffer.from(login).toString('base64') });
const config = (auths: object, more: object = {}) => JSON.stringify({ auths, ...more });
const login = (username: string, password: string) => ({ kind: 'login', username, password });
const secret = (name: string) => `arn:aws:secretsmanager:eu-west-1:1:secret:${name}`;

interface Asked {
  image: string;
  auth?: string;
  isFile?: boolean;
  fleet?: Record<string, string>;
  credentials?: unknown;
}

function planOf({ image, auth, isFile, fleet = {}, credentials }: Asked) {
  const variables =
    auth === undefined ? [] : [{ key: 'DOCKER_AUTH_CONFIG', value: auth, file: isFile ?? false }];
  const request = jobOf({ variables, ...(credentials ? { credentials } : {}) });
  const config = parseDockerAuthConfig(request);
  return { access: planRegistryLogins(request, config, fleet, [image]).get(image), notes: config.notes };
}

describe('the login of an image', () => {
  const hub = authOf('me:hub');
  it.each<[string, Asked, unknown]>([
    [
      'is that of its registry',
      { image: 'r.example.com/a:1', auth: config({ 'r.example.com': authOf('me:pass:word') }) },
      login('me', 'pass:word'),
    ],
    [
      '… with a port',
      { image: 'r.example.com:5000/a@sha256:00', auth: config({ 'r.example.com:5000': authOf('me:x') }) },
      login('me', 'x'),
    ],
    [
      '… with a scheme and a slash',
      { image: 'r.example.com/a', auth: config({ 'https://r.example.com/v2/': authOf('me:x') }) },
      login('me', 'x'),
    ],
    [
      '… in two fields',
      { image: 'r.example.com/a', auth: config({ 'r.example.com': { username: 'me', password: 'x' } }) },
      login('me', 'x'),
    ],
    [
      '… in a file variable',
      { image: 'r.example.com/a', isFile: true, auth: config({ 'r.example.com': authOf('me:x') }) },
      login('me', 'x'),
    ],
    [
      '… of Docker Hub, for a short name',
      { image: 'alpine:3', auth: config({ 'https://index.docker.io/v1/': hub }) },
      login('me', 'hub'),
    ],
    [
      '… of Docker Hub, for a path',
      { image: 'acme/app', auth: config({ 'docker.io': hub }) },
      login('me', 'hub'),
    ],
    [
      '… of Docker Hub, for a full name',
      { image: 'registry-1.docker.io/acme/app', auth: config({ 'docker.io': hub }) },
      login('me', 'hub'),
    ],
    [
      'is the one for most of its path',
      {
        image: 'r.example.com/a/b/c',
        auth: config({ 'r.example.com': authOf('all:x'), 'r.example.com/a/b': authOf('some:x') }),
      },
      login('some', 'x'),
    ],
    [
      'is none of another registry',
      { image: 'r.example.com/a', auth: config({ 'r.example.co': authOf('me:x'), 'docker.io': hub }) },
      undefined,
    ],
    [
      'is none of a path that only begins alike',
      { image: 'r.example.com/team-b/a', auth: config({ 'r.example.com/team': authOf('me:x') }) },
      undefined,
    ],
    [
      "is the fleet's secret",
      { image: 'r.example.com/a', fleet: { 'r.example.com': secret('s') } },
      { kind: 'secret', arn: secret('s') },
    ],
    [
      "is the job's before the fleet's",
      {
        image: 'r.example.com/a',
        fleet: { 'r.example.com': secret('s') },
        auth: config({ 'r.example.com': authOf('me:x') }),
      },
      login('me', 'x'),
    ],
    [
      "is GitLab's for its own registry",
      {
        image: 'gitlab.example.com:5050/shop/app',
        credentials: [
          { type: 'registry', url: 'gitlab.example.com:5050', username: 'gitlab-ci-token', password: 'job' },
        ],
      },
      login('gitlab-ci-token', 'job'),
    ],
    ...[
      { type: 'cache', username: 'u', password: 'p' },
      { type: 'registry', username: '', password: 'p' },
      { type: 'registry', username: 'u', password: '' },
    ].map((credential): [string, Asked, unknown] => [
      'is none of what GitLab sends for something else, or in part',
      { image: 'r.example.com/a', credentials: [{ url: 'r.example.com', ...credential }] },
      undefined,
    ]),
    [
      "is the fleet's before GitLab's",
      {
        image: 'r.example.com/a',
        fleet: { 'r.example.com': secret('s') },
        credentials: [{ type: 'registry', url: 'r.example.com', username: 'u', password: 'p' }],
      },
      { kind: 'secret', arn: secret('s') },
    ],
    [
      'is none for ECR, which the execution role opens',
      {
        image: '1.dkr.ecr.eu-west-1.amazonaws.com/a',
        auth: config({}, { credHelpers: { '1.dkr.ecr.eu-west-1.amazonaws.com': 'ecr-login' } }),
      },
      undefined,
    ],
  ])('%s: %j', (_, asked, access) => {
    const planned = planOf(asked);
    expect(planned.access).toEqual(access);
    expect(planned.notes).toEqual([]);
  });

  it.each(['not json', '[]', '{"auths": ["x"]}'])('is refused when DOCKER_AUTH_CONFIG is %s', (auth) => {
    expect(() => planOf({ image: 'a', auth })).toThrow('must have the format that `docker login` writes');
  });

  it.each([
    [config({ 'r.example.com': {} }), 'has no user name and password for "r.example.com"'],
    [config({ 'r.example.com': { auth: 'x' } }), 'has no user name and password for "r.example.com"'],
    [config({}, { credHelpers: { 'gcr.io': 'gcloud' } }), 'names a credential helper for "gcr.io"'],
  ])('that cannot be used is reported: %s', (auth, note) => {
    expect(planOf({ image: 'a', auth }).notes.join()).toContain(note);
  });

  it.each([
    [
      'more than 100 registries',
      config(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`r${i}`, {}]))),
    ],
    ['a registry of more than 255 characters', config({ ['/'.repeat(256)]: {} })],
    ['more than 65,536 characters', config({ r: authOf('x'.repeat(65_536)) })],
  ])('is refused with %s', (_, auth) => {
    expect(() => planOf({ image: 'a', auth })).toThrow(JobRefusedError);
  });
});
