import { describe, expect, it } from 'vitest';
import { buildTrace, mayStartAhead } from '../src/forecast/build-trace.ts';
import { derivePipelines } from '../src/forecast/derive-pipelines.ts';
import { policyFor, pricedInstallation, simulatedSettings } from '../src/forecast/fleet-settings.ts';
import type { LoggedJob } from '../src/forecast/logged-job.ts';
import { shapeOf, startModelOf } from '../src/forecast/measured-starts.ts';
import { now } from './support/job.ts';
import { fleetConfig, loggedJob } from './support/logged-jobs.ts';

const installation = pricedInstallation('us-east-1', undefined);
const settings = simulatedSettings(fleetConfig(), installation);
const traceOf = (...jobs: LoggedJob[]) =>
  buildTrace(derivePipelines(jobs), fleetConfig(), settings, { begin: now - 1000, end: now + 500_000 });

describe('a trace from logged jobs', () => {
  it('has their times, tasks and stages', () => {
    const job = loggedJob('unit', 0, 150, { ref: 'main', architecture: 'ARM64' });
    const { pipelines, endsAt } = traceOf(job, loggedJob('deploy', 151, 260));
    expect(endsAt).toBe(501_000);
    expect(pipelines).toMatchObject([{ id: 1, project: '3', isProtected: true, at: 1000 }]);
    expect(pipelines[0]?.stages.map(([one]) => one?.attempts)).toEqual([
      [{ seconds: 100, succeeded: true }],
      [{ seconds: 59, succeeded: true }],
    ]);
    expect(pipelines[0]?.stages[0]?.[0]).toMatchObject({
      id: 1,
      cpu: 1024,
      placement: { architecture: 'ARM64', capacityProvider: 'FARGATE' },
      mayStartAhead: true,
    });
  });

  const failed = { succeeded: false };
  it.each<[string, LoggedJob[], boolean[][]]>([
    ['in the last stage ends the pipeline', [loggedJob('a', 0, 100, failed)], [[false]]],
    [
      'before the last stage was tolerated',
      [loggedJob('a', 0, 100, failed), loggedJob('b', 101, 200)],
      [[true], [true]],
    ],
    ['of an attempt was retried', [loggedJob('a', 0, 100), loggedJob('a', 101, 200)], [[false, true]]],
  ])('a failure %s', (_, jobs, expected) => {
    const stages = traceOf(...jobs).pipelines[0]?.stages ?? [];
    expect(stages.map(([job]) => job?.attempts.map(({ succeeded }) => succeeded))).toEqual(expected);
  });
});

describe('a task may be started ahead', () => {
  const digest = `@sha256:${'0'.repeat(64)}`;
  it.each([
    ['alpine:3', {}, true],
    ['library/alpine', {}, true],
    ['registry.gitlab.com/team/app:1', {}, true],
    ['registry.example.com:5050/team/app:1', {}, false],
    ['localhost/app', {}, false],
    [`registry.example.com/app${digest}`, {}, true],
    ['registry.example.com/app:1', { ahead: { tagsAreFixed: true } }, true],
    ['registry.example.com/app:1', { job: { imageConfigRegistries: ['registry.example.com'] } }, true],
    ['alpine:3', { job: { taskRoleArn: 'arn:aws:iam::1:role/x' } }, false],
    ['alpine:3', { job: { taskRoleArn: 'arn:aws:iam::1:role/x' }, ahead: { withTaskRole: true } }, true],
  ])('%s with %j: %s', (image, over, expected) => {
    expect(mayStartAhead(image, fleetConfig(over))).toBe(expected);
  });
});

describe('start times', () => {
  const jobs = (count: number, image: string, startSeconds: number | undefined) =>
    Array.from({ length: count }, () => loggedJob('unit', 0, 100, { image, startSeconds }));

  it('are published ones, if too few were measured', () => {
    const { model, measured } = startModelOf([...jobs(19, 'a', 40), ...jobs(9, 'a', undefined)]);
    expect({ measured, own: model.measured }).toEqual({ measured: 0, own: undefined });
  });

  it('are those of an image, or of the fleet for a rare image', () => {
    const all = [...jobs(10, 'common', 30), ...jobs(9, 'rare', 60), ...jobs(1, 'common', 50)];
    const { model, measured } = startModelOf(all);
    const of = (image: string) => model.measured?.get(shapeOf(loggedJob('x', 0, 1, { image })));
    expect(measured).toBe(20);
    expect(of('common')?.sorted).toEqual([...Array(10).fill(30), 50]);
    expect(of('rare')?.mean).toBeCloseTo((300 + 540 + 50) / 20);
  });
});

describe('the settings of a fleet', () => {
  it('are simulated', () => {
    const config = fleetConfig({
      manager: { max: 3, concurrentJobs: 7, idleSeconds: 60, capacity: ['FARGATE_SPOT'] },
      ahead: { maxVcpu: 5 },
      network: { ...fleetConfig().network, assignPublicIp: true },
    });
    const prices = { vcpu: 1, gib: 2 };
    const deployed = { managerCpu: '512', fargatePrices: { X86_64: prices, ARM64: prices } };
    expect(simulatedSettings(config, pricedInstallation('eu-west-1', deployed))).toMatchObject({
      maxManagers: 3,
      concurrentJobs: 7,
      unclaimedVcpu: 5,
      managerTask: {
        cpu: 512,
        memory: 1024,
        placement: { architecture: 'X86_64', capacityProvider: 'FARGATE_SPOT' },
      },
      prices: { prices: { X86_64: prices }, hasPublicIp: true },
    });
  });

  it.each([
    ['off', {}, { ahead: undefined, idleMs: 300_000, pollSeconds: 3 }],
    ['next', {}, { ahead: { moment: 'before-end', keepsBook: false }, pollSeconds: 1 }],
    ['next', { manager: { checkIntervalSeconds: 9, idleSeconds: 60 } }, { idleMs: 60_000, pollSeconds: 9 }],
  ] as const)('with ahead.start %s and %j are the policy %j', (start, over, expected) => {
    expect(policyFor(fleetConfig(over), start)).toMatchObject(expected);
  });

  it('are defaults where the deployment has left none, or nonsense', () => {
    const broken = { managerCpu: 'many', fargatePrices: '{' };
    expect(pricedInstallation('us-east-1', broken)).toEqual(installation);
  });
});
