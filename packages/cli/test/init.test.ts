import { readFileSync } from 'node:fs';
import { ALL_STACKS, type Certificate, parseCertificates } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import type { AwsFacts, GitLabFacts } from '../src/init/init-facts.ts';
import { fleetWith, type InitRequest } from '../src/init/init-request.ts';
import { planInit, UnknownSettingsError } from '../src/init/plan-init.ts';
import { renderPlan, renderResult } from '../src/init/render-init.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../../aws/test/fixtures/tls/${name}`, import.meta.url), 'utf8');
const [CA, OTHER] = parseCertificates(pem('ca.crt') + pem('other-ca.crt')) as [Certificate, Certificate];

const request = (over: Partial<InitRequest> = {}): InitRequest => ({
  fleet: 'default',
  gitlabUrl: 'https://gitlab.example.com',
  target: { kind: 'project', paths: ['team/app'] },
  settings: {},
  ...over,
});

/** An account without an installation. */
const emptyAccount: AwsFacts = {
  account: '123456789012',
  region: 'eu-west-1',
  isBootstrapped: false,
  stacks: [],
  settings: undefined,
  fleets: [],
  parameterPrefix: '/serverless-gitlab-runner',
  webhookUrl: undefined,
  isWebhookSecretStored: false,
  runnerToken: 'missing',
  certificateAuthorities: undefined,
};
const fleet = { name: 'default', gitlabUrl: 'https://gitlab.example.com' };
const installed: AwsFacts = {
  ...emptyAccount,
  isBootstrapped: true,
  stacks: ALL_STACKS,
  settings: { installation: { logLevel: 'DEBUG' }, fleets: [fleet] },
  fleets: ['default'],
  webhookUrl: 'https://x.lambda-url.eu-west-1.on.aws/',
  isWebhookSecretStored: true,
  runnerToken: 'valid',
};
const runner = {
  ...{ id: 3, description: '', paused: false, tagList: [], runUntagged: true, isProtected: false },
  projectIds: [1],
};
const hook = { id: 9, url: 'https://x.lambda-url.eu-west-1.on.aws/?fleet=default', job_events: true };
const gitlab = (over: Partial<GitLabFacts> = {}): GitLabFacts => ({
  runnerOwner: { kind: 'project', id: 1, path: 'team/app' },
  projects: [{ id: 1, path: 'team/app', archived: false }],
  runner: undefined,
  mayCreateRunner: true,
  mayCreateHooks: true,
  hookPlaces: [{ place: { kind: 'project', name: 'team/app' }, hook: undefined }],
  ...over,
});
const complete = gitlab({ runner, hookPlaces: [{ place: { kind: 'project', name: 'team/app' }, hook }] });

const actions = (aws: AwsFacts, facts: GitLabFacts | undefined, over: Partial<InitRequest> = {}) =>
  Object.fromEntries(planInit(request(over), aws, facts).steps.map(({ part, action }) => [part, action]));

describe('the plan', () => {
  it.each([
    [
      'of an empty account creates everything',
      emptyAccount,
      gitlab(),
      {
        bootstrap: 'create',
        stacks: 'create',
        fleet: 'create',
        'webhook-secret': 'create',
        runner: 'create',
        hook: 'create',
      },
    ],
    [
      'of a complete installation keeps what exists, and updates stacks and webhook',
      installed,
      complete,
      { stacks: 'update', fleet: 'keep', 'webhook-secret': 'keep', runner: 'keep', hook: 'update' },
    ],
    [
      'without a token leaves GitLab',
      emptyAccount,
      undefined,
      {
        bootstrap: 'create',
        stacks: 'create',
        fleet: 'create',
        'webhook-secret': 'create',
        runner: 'by hand',
        hook: 'by hand',
      },
    ],
    [
      'without a token keeps a runner whose token is valid',
      installed,
      undefined,
      { stacks: 'update', fleet: 'keep', 'webhook-secret': 'keep', runner: 'keep', hook: 'by hand' },
    ],
    [
      'leaves what the tokens may not do',
      installed,
      gitlab({ mayCreateHooks: false }),
      { stacks: 'update', fleet: 'keep', 'webhook-secret': 'keep', runner: 'keep', hook: 'by hand' },
    ],
    [
      'renews a runner whose token is refused',
      { ...installed, runnerToken: 'refused' as const },
      complete,
      { stacks: 'update', fleet: 'keep', 'webhook-secret': 'keep', runner: 'change', hook: 'update' },
    ],
    [
      'completes what failed half-way',
      { ...installed, stacks: ALL_STACKS.slice(0, 2), runnerToken: 'missing' as const },
      gitlab(),
      { stacks: 'create', fleet: 'keep', 'webhook-secret': 'keep', runner: 'create', hook: 'create' },
    ],
  ])('%s', (_title, aws, facts, expected) => expect(actions(aws, facts)).toEqual(expected));

  it.each([
    ['none, with none in the request', undefined, undefined, undefined],
    ['none', undefined, [CA], 'create'],
    ['the same', pem('ca.crt'), [CA], 'keep'],
    ['others', pem('other-ca.crt'), [CA], 'change'],
    ['one of them', pem('ca.crt'), [CA, OTHER], 'change'],
    ['some, with none in the request', pem('ca.crt'), undefined, undefined],
    ['what is invalid', 'nonsense', [CA], 'change'],
  ])(
    'stores the authorities of GitLab where there are %s',
    (_title, certificateAuthorities, authorities, action) => {
      const aws = { ...installed, certificateAuthorities };
      expect(actions(aws, complete, { authorities }).authorities).toBe(action);
    },
  );

  it('names the authorities of GitLab', () => {
    const { steps } = planInit(request({ authorities: [CA, OTHER] }), emptyAccount, undefined);
    const what = steps.find(({ part }) => part === 'authorities')?.what;
    expect(what).toBe(`the authorities of https://gitlab.example.com: ${CA.subject}; ${OTHER.subject}`);
  });

  it('changes a runner with other tags, or for another project', () => {
    expect(actions(installed, complete, { tagList: ['arm'] })).toMatchObject({
      fleet: 'change',
      runner: 'change',
    });
    const two = {
      ...complete,
      projects: [...complete.projects, { id: 2, path: 'team/api', archived: false }],
    };
    expect(actions(installed, two)).toMatchObject({ runner: 'change' });
  });

  it('deploys the settings of the last deployment with those of the request, and all fleets', () => {
    const plan = planInit(
      request({ fleet: 'big', cpu: 4, memory: 16, settings: { cache: {} } }),
      installed,
      undefined,
    );
    expect(plan.context).toEqual({
      logLevel: 'DEBUG',
      cache: {},
      fleets: [fleet, { ...fleet, name: 'big', job: { size: { cpu: 4096, memory: 16_384 } } }],
    });
  });

  it('does not overwrite an installation whose settings are unknown', () => {
    const unknown = { ...installed, settings: undefined };
    expect(() => planInit(request(), unknown, undefined)).toThrow(UnknownSettingsError);
  });
});

describe("a fleet's settings", () => {
  const before = {
    ...fleet,
    manager: { max: 3 },
    runner: { tagList: ['a'], runUntagged: false },
    job: { size: { cpu: 512, memory: 1024 }, capacity: ['FARGATE_SPOT', 'FARGATE'] },
  };

  it.each([
    ['stay without a request', {}, before],
    [
      'change in one field',
      { memory: 4 },
      { ...before, job: { ...before.job, size: { cpu: 512, memory: 4096 } } },
    ],
    ['go back to on demand', { spot: false }, { ...before, job: { ...before.job, capacity: ['FARGATE'] } }],
    [
      'are of protected branches',
      { isProtected: true },
      { ...before, runner: { ...before.runner, accessLevel: 'ref_protected' } },
    ],
    [
      'have one architecture, whose image alone is built',
      { architecture: 'ARM64' as const },
      { ...before, job: { ...before.job, architecture: 'ARM64', architectures: ['ARM64'] } },
    ],
  ])('%s', (_title, over, expected) => expect(fleetWith(request(over), before)).toEqual(expected));
});

describe('the screen', () => {
  it.each([80, 140])('fits into %i columns, before and after', (columns) => {
    const asked = request({
      tagList: ['fargate'],
      target: { kind: 'group', path: 'a-team-with-a-long-name' },
    });
    const plan = planInit(asked, emptyAccount, gitlab());
    const result = {
      ...{ fleet: 'default', webhookUrl: '', webhookSecretParameter: '', runnerTokenParameter: '', plan },
      ...{ byHand: [], tested: [], untested: ['team/app'] },
    };
    const lines = [
      ...renderPlan(asked, plan, emptyAccount, columns),
      ...renderResult(asked, result, columns),
    ];
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    const text = lines.join('\n').replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'create runner of project team/app: takes jobs with the tag fargate, or without tags',
    );
    expect(text).toContain('Ready: push a job with `tags: [fargate]`, or without tags, to the group');
    expect(text).toMatch(/A job of 5 minutes costs about \$0\.00\d+ \(prices of us-east-1\)/);
  });
});
