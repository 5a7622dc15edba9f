import type { Certificate } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { checkAccount } from '../src/doctor/checks/check-account.ts';
import { checkFleets, type FleetFacts } from '../src/doctor/checks/check-fleets.ts';
import { checkLaunches } from '../src/doctor/checks/check-launches.ts';
import { checkNetwork, type SubnetFacts } from '../src/doctor/checks/check-network.ts';
import { checkParts, type PartFacts } from '../src/doctor/checks/check-parts.ts';
import { checkStacks } from '../src/doctor/checks/check-stacks.ts';
import { checkTasks, type TaskFacts } from '../src/doctor/checks/check-tasks.ts';
import { type AnsweredWebhook, checkWebhooks } from '../src/doctor/checks/check-webhooks.ts';
import type { Finding } from '../src/doctor/finding.ts';
import { ago, now } from './support/job.ts';

/** Findings in short: `severity check: problem → fix`. */
const short = (findings: readonly Finding[]) =>
  findings.map(({ check, severity, problem, fix }) => `${severity} ${check}: ${problem} → ${fix}`);
/** Expects exactly one finding that matches, or none. */
const expectOne = (findings: readonly Finding[], expected: RegExp | undefined) => {
  const [first, ...others] = short(findings);
  expect(others).toEqual([]);
  if (expected) expect(first).toMatch(expected);
  else expect(first).toBeUndefined();
};

describe('stacks', () => {
  it.each([
    ['CREATE_COMPLETE', undefined],
    ['UPDATE_COMPLETE', undefined],
    ['UPDATE_ROLLBACK_COMPLETE', undefined],
    [undefined, /^broken stack-missing: the-stack is not deployed in eu-west-1 → npm run deploy/],
    ['UPDATE_IN_PROGRESS', /^warning stack-changing: the-stack is being changed/],
    [
      'ROLLBACK_COMPLETE',
      /^broken stack-failed: the-stack is in the state ROLLBACK_COMPLETE → npm run deploy/,
    ],
    ['DELETE_FAILED', /^broken stack-failed/],
  ])('in the state %s', (status, expected) => {
    expectOne(checkStacks([{ name: 'the-stack', status }], 'eu-west-1'), expected);
  });
});

describe('parts', () => {
  it.each<[PartFacts['state'], RegExp | undefined]>([
    ['enabled', undefined],
    ['disabled', /^broken part-disabled: The rule \(id\) is disabled, so nothing starts → enable it/],
    ['missing', /^broken part-missing: The rule \(id\) was deleted, so nothing starts → Delete its stack/],
    [
      'throttled',
      /^broken function-throttled: .*concurrency is 0.* → aws lambda delete-function-concurrency --function-name id$/,
    ],
  ])('that are %s', (state, expected) => {
    const part = { what: 'The rule', id: 'id', state, effect: 'nothing starts', enable: 'enable it' };
    expectOne(checkParts([part]), expected);
  });
});

describe('fleets', () => {
  const fleet = (over: Partial<FleetFacts> = {}): FleetFacts => ({
    name: 'default',
    problem: undefined,
    gitlabUrl: 'https://gitlab.com',
    usesApi: false,
    stored: { runnerToken: true, webhookSecret: true, apiToken: false },
    tokenWrittenAt: ago(100),
    tokenRefusedAt: undefined,
    authorities: undefined,
    hasManagerDefinition: true,
    ...over,
  });
  const stored = (over: Partial<FleetFacts['stored']>) => ({ ...fleet().stored, ...over });

  it.each<[string, FleetFacts[], RegExp | undefined]>([
    ['whole', [fleet()], undefined],
    ['none', [], /^broken no-fleet: No fleet is configured → Add one to "fleets"/],
    [
      'an invalid document',
      [fleet({ problem: 'manager.max' })],
      /^broken fleet-invalid: .* default is invalid: manager.max →/,
    ],
    ['no definition', [fleet({ hasManagerDefinition: false })], /^broken manager-definition-missing/],
    [
      'no runner token',
      [fleet({ stored: stored({ runnerToken: false }), tokenRefusedAt: ago(9) })],
      /^broken runner-token-missing/,
    ],
    [
      'a refused token',
      [fleet({ tokenRefusedAt: ago(100) })],
      /^broken runner-token-refused: GitLab refuses .* default/,
    ],
    ['a token since the refusal', [fleet({ tokenRefusedAt: ago(101) })], undefined],
    [
      'a refused token of unknown age',
      [fleet({ tokenWrittenAt: undefined, tokenRefusedAt: ago(9) })],
      /^broken runner-token-refused/,
    ],
    ['no API token', [fleet({ usesApi: true })], /^broken api-token-missing/],
    ['an API token', [fleet({ usesApi: true, stored: stored({ apiToken: true }) })], undefined],
    [
      'no webhook secret',
      [fleet({ stored: stored({ webhookSecret: false }) })],
      /^broken webhook-secret-missing/,
    ],
    [
      'no webhook secret, but another fleet with the API',
      [
        fleet({ name: 'b', stored: stored({ webhookSecret: false }) }),
        fleet({ usesApi: true, stored: stored({ apiToken: true }) }),
      ],
      undefined,
    ],
    [
      'no webhook secret, and another fleet with the API of another GitLab',
      [
        fleet({ name: 'b', stored: stored({ webhookSecret: false }) }),
        fleet({ usesApi: true, gitlabUrl: 'https://other', stored: stored({ apiToken: true }) }),
      ],
      /^broken webhook-secret-missing: Fleet b/,
    ],
  ])('with %s', (_title, fleets, expected) => expectOne(checkFleets(fleets, now), expected));

  const days = (number: number) => now + number * 86_400_000;
  const certificate = (subject: string, validTo: number): Certificate => ({
    ...{ subject, validTo, validFrom: 0, isAuthority: true, fingerprint: subject, pem: '' },
  });

  it.each<[string, FleetFacts['authorities'], string[]]>([
    ['none', undefined, []],
    ['one for years', { certificates: [certificate('CN=CA', days(31))] }, []],
    [
      'one for a month',
      { certificates: [certificate('CN=CA', days(30))] },
      ['warning ca-expires-soon: Fleet default trusts its GitLab by CN=CA, until 2026-12-23, in 30 days'],
    ],
    [
      'an expired one',
      { certificates: [certificate('CN=CA', now)] },
      ['broken ca-expired: Fleet default trusts its GitLab by CN=CA, EXPIRED on 2026-11-23'],
    ],
    [
      'an expired one and its successor',
      { certificates: [certificate('CN=CA', days(-1)), certificate('CN=CA 2', days(400))] },
      ['warning ca-expired: Fleet default trusts its GitLab by CN=CA, EXPIRED on 2026-11-22'],
    ],
    [
      'a text that is none',
      { problem: 'It contains no certificate' },
      [
        'broken ca-invalid: The stored certificate authorities of fleet default are invalid, so no manager can start: It contains no certificate',
      ],
    ],
  ])('with certificate authorities: %s', (_title, authorities, expected) => {
    const findings = checkFleets([fleet({ authorities })], now);
    expect(findings.map(({ severity, check, problem }) => `${severity} ${check}: ${problem}`)).toEqual(
      expected,
    );
    for (const { fix } of findings) expect(fix).toContain('sgr rotate ca FILE --fleet default');
  });
});

describe('webhooks', () => {
  const webhook = (statusCode: number, over: Partial<AnsweredWebhook> = {}): AnsweredWebhook => ({
    statusCode,
    fleet: 'default',
    decision: undefined,
    problem: undefined,
    ...over,
  });
  const accepted = webhook(202, { decision: 'published' });

  it.each<[string, AnsweredWebhook[], RegExp | undefined]>([
    ['accepted', [accepted], undefined],
    ['none', [], /^warning no-webhook: No webhook has arrived within 24 h/],
    [
      'refused',
      [accepted, webhook(401), webhook(401)],
      /^broken webhook-refused: 2 webhooks for fleet default got 401: the secret was wrong →/,
    ],
    [
      'for an unknown fleet',
      [accepted, webhook(404, { fleet: 'x' })],
      /^broken webhook-for-unknown-fleet: 1 webhook for fleet x got 404: there is no such fleet/,
    ],
    [
      'for no fleet name',
      [accepted, webhook(404, { fleet: undefined })],
      /1 webhook got 404: the URL names no valid fleet/,
    ],
    [
      'invalid',
      [accepted, webhook(400, { problem: 'body: not JSON' })],
      /^broken webhook-invalid: 1 webhook for fleet default got 400: body: not JSON/,
    ],
    [
      'too large',
      [accepted, webhook(413, { decision: 'too large' })],
      /^broken webhook-invalid: .*too large/,
    ],
    [
      'not accepted',
      [accepted, webhook(503)],
      /^broken receiver-failing: 1 webhook for fleet default got 503: see the log/,
    ],
    ['of other events', [webhook(204, { decision: 'not a job hook' })], /^broken webhook-of-other-events/],
    ['of other events too', [accepted, webhook(204, { decision: 'not a job hook' })], undefined],
  ])('that are %s', (_title, webhooks, expected) => expectOne(checkWebhooks(webhooks, 24), expected));

  it('are told apart by fleet and problem', () => {
    const findings = checkWebhooks(
      [accepted, webhook(401), webhook(401, { fleet: 'b' }), webhook(400), webhook(400, { problem: 'x' })],
      24,
    );
    expect(findings.map(({ check }) => check)).toEqual([
      'webhook-refused',
      'webhook-refused',
      'webhook-invalid',
      'webhook-invalid',
    ]);
  });
});

describe('launches', () => {
  const none = { launcher: 0, reaper: 0 };
  const failure = (seconds: number, message: string, over = {}) => ({
    at: ago(seconds),
    fleet: 'default',
    reason: 'no-capacity',
    message,
    ...over,
  });

  it('show the last failure of each fleet and reason', () => {
    const failures = [
      failure(300, 'first'),
      failure(60, 'second'),
      failure(9, 'other', { fleet: 'b' }),
      failure(8, 'denied', { reason: 'access-denied' }),
    ];
    expect(short(checkLaunches(failures, none, now))).toEqual([
      'broken launch-failed: No manager of fleet default could be started, last 60 s ago → second',
      'broken launch-failed: No manager of fleet b could be started, last 9 s ago → other',
      'broken launch-failed: No manager of fleet default could be started, last 8 s ago → denied',
    ]);
  });

  it.each([
    [none, undefined],
    [{ launcher: 1, reaper: 0 }, /^broken launcher-dead-letters: The launcher gave up 1 job,/],
    [{ launcher: 2, reaper: 0 }, /gave up 2 jobs/],
    [{ launcher: 0, reaper: 1 }, /^warning reaper-dead-letters: The reaper missed 1 event,/],
    [{ launcher: 0, reaper: 3 }, /missed 3 events/],
  ])('with dead letters %j', (letters, expected) => expectOne(checkLaunches([], letters, now), expected));
});

describe('tasks', () => {
  const task = (over: Partial<TaskFacts> = {}): TaskFacts => ({
    role: 'manager',
    fleet: 'default',
    jobId: undefined,
    state: 'stopped',
    createdAt: ago(300),
    startedAt: ago(200),
    exitCode: 0,
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    ...over,
  });
  const unstarted = { startedAt: undefined, exitCode: undefined, stopCode: 'TaskFailedToStart' };
  const cannotPull = { ...unstarted, stoppedReason: 'CannotPullContainerError: not found' };
  const noSecret = { ...unstarted, stoppedReason: 'ResourceInitializationError: unable to pull secrets' };

  it.each<[string, TaskFacts, RegExp | undefined]>([
    ['a manager that left', task(), undefined],
    [
      'a manager whose image is missing',
      task(cannotPull),
      /^broken manager-image: A manager of fleet default could not start: CannotPull/,
    ],
    [
      'a manager that could not start',
      task(noSecret),
      /^broken manager-not-started: .*ResourceInitializationError.* → Check the fleet's subnets/,
    ],
    [
      'a manager stopped by a person before it ran',
      task({ ...unstarted, stopCode: 'UserInitiated' }),
      undefined,
    ],
    [
      'a manager that is about to end unstarted',
      task({ ...noSecret, state: 'stopping', stoppedReason: undefined }),
      /no reason given/,
    ],
    [
      'a manager that crashed',
      task({ exitCode: 137 }),
      /^broken manager-crashed: .*exit code 137 Essential container/,
    ],
    [
      'a manager that crashed without a reason',
      task({ exitCode: 1, stoppedReason: undefined }),
      /exit code 1 →/,
    ],
    ['a manager whose exit code is unknown', task({ exitCode: undefined }), undefined],
    ['a manager whose token was refused', task({ exitCode: 78 }), undefined],
    ['a manager that starts', task({ ...unstarted, state: 'starting', createdAt: ago(179) }), undefined],
    [
      'a manager that starts for long',
      task({ ...unstarted, state: 'starting', createdAt: ago(180) }),
      /^broken manager-slow: .*has been starting for 3 min/,
    ],
    [
      'a manager that starts since when nobody knows',
      task({ ...unstarted, state: 'starting', createdAt: undefined }),
      undefined,
    ],
    ['a manager that runs', task({ state: 'running', exitCode: undefined }), undefined],
    [
      'a job whose image is missing',
      task({ ...cannotPull, role: 'job', jobId: 7 }),
      /^warning job-image: The task of job 7 in fleet default could not start/,
    ],
    [
      'a job that could not start',
      task({ ...noSecret, role: 'job', jobId: undefined }),
      /^warning job-not-started: The task of job \?/,
    ],
    ['a job that failed', task({ role: 'job', jobId: 7, exitCode: 1 }), undefined],
    [
      'a job that starts for long',
      task({ ...unstarted, role: 'job', state: 'starting', createdAt: ago(999) }),
      undefined,
    ],
  ])('%s', (_title, given, expected) => expectOne(checkTasks([given], now), expected));

  it('have one finding for each fleet and problem, the last one', () => {
    const tasks = [task({ exitCode: 1 }), task({ exitCode: 2 }), task({ exitCode: 3, fleet: 'b' })];
    expect(short(checkTasks(tasks, now)).map((text) => text.match(/exit code \d/)?.[0])).toEqual([
      'exit code 2',
      'exit code 3',
    ]);
  });
});

describe('network', () => {
  const subnet = (over: Partial<SubnetFacts> = {}): SubnetFacts => ({
    fleet: 'default',
    id: 'subnet-1',
    exists: true,
    wayOut: 'internet-gateway',
    hasPublicAddress: true,
    ...over,
  });

  it.each<[string, SubnetFacts, RegExp | undefined]>([
    ['public', subnet(), undefined],
    ['behind a NAT gateway', subnet({ wayOut: 'other', hasPublicAddress: false }), undefined],
    [
      'missing',
      subnet({ exists: false, wayOut: undefined }),
      /^broken subnet-missing: Subnet subnet-1 of fleet default/,
    ],
    ['without a route', subnet({ wayOut: undefined }), /^warning subnet-without-route/],
    [
      'public, for tasks without an address',
      subnet({ hasPublicAddress: false }),
      /^broken subnet-without-address: .*"assignPublicIp": true/,
    ],
  ])('a subnet that is %s', (_title, given, expected) => expectOne(checkNetwork([given], []), expected));

  it.each([
    [true, undefined],
    [false, /^broken security-group-missing: Security group sg-1 of fleet default/],
  ])('a security group: %s', (exists, expected) => {
    expectOne(checkNetwork([], [{ fleet: 'default', id: 'sg-1', exists }]), expected);
  });
});

describe('account', () => {
  const both = ['FARGATE', 'FARGATE_SPOT'];
  it.each([
    [true, both, undefined],
    [false, both, /^broken service-linked-role-missing: .* → aws iam create-service-linked-role/],
    [
      true,
      ['FARGATE'],
      /^broken capacity-provider-missing: The cluster lacks the capacity provider FARGATE_SPOT →/,
    ],
    [true, [], /capacity providers FARGATE and FARGATE_SPOT/],
  ])('role %s, providers %j', (hasServiceLinkedRole, capacityProviders, expected) => {
    expectOne(checkAccount({ hasServiceLinkedRole, capacityProviders }), expected);
  });
});
