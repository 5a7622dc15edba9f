import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_PARAMETER_PREFIX,
  estimateCostUsd,
  fargatePricesOf,
  fleetOfConfigParameter,
  fleetOfJobFamily,
  fleetOfWebhookRunnerToken,
  fleetSecretsPath,
  isFargateSize,
  jobFamilyPrefix,
  jobSecretsPath,
  managerFamily,
  memoryStepsFor,
  nextFargateSize,
  parameterNames,
  TAG,
  tagValue,
  taskIdOf,
  toTags,
  webhookRunnerTokenName,
} from '../src/index.ts';

describe('Fargate’s sizes', () => {
  it.each([
    [256, [512, 1024, 2048]],
    [512, [1024, 2048, 3072, 4096]],
    [1024, [2048, 3072, 4096, 5120, 6144, 7168, 8192]],
    [300, []],
  ])('%i units take %o MiB', (cpu, steps) => {
    expect(memoryStepsFor(cpu)).toEqual(steps);
  });

  it.each([
    [2048, 4096, 16_384, 13],
    [4096, 8192, 30_720, 23],
    [8192, 16_384, 61_440, 12],
    [16_384, 32_768, 122_880, 12],
  ])('%i units allow %i to %i MiB in %i steps', (cpu, min, max, count) => {
    const steps = memoryStepsFor(cpu);
    expect([steps[0], steps.at(-1), steps.length]).toEqual([min, max, count]);
  });

  it.each([
    [1, 1, { cpu: 256, memory: 512 }],
    [256, 1500, { cpu: 256, memory: 2048 }],
    [256, 2049, { cpu: 512, memory: 3072 }],
    [1024, 9000, { cpu: 2048, memory: 9216 }],
    [8192, 17_000, { cpu: 8192, memory: 20_480 }],
    [16_384, 122_881, undefined],
    [20_000, 1024, undefined],
  ])('the next larger size for %i units and %i MiB', (cpu, memory, next) => {
    expect(nextFargateSize({ cpu, memory })).toEqual(next);
  });

  it('the next larger size exists, is large enough, and equals an existing size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16_384 }),
        fc.integer({ min: 1, max: 122_880 }),
        (cpu, memory) => {
          const next = nextFargateSize({ cpu, memory });
          expect(next && isFargateSize(next) && next.cpu >= cpu && next.memory >= memory).toBe(true);
          if (isFargateSize({ cpu, memory })) expect(next).toEqual({ cpu, memory });
        },
      ),
    );
  });
});

describe('the estimated cost', () => {
  const hour = {
    cpu: 1024,
    memory: 2048,
    architecture: 'X86_64',
    capacityProvider: 'FARGATE',
    seconds: 3600,
    prices: fargatePricesOf('us-east-1').prices,
    hasPublicIp: false,
  } as const;
  it.each([
    ['an hour of one vCPU and two GiB', {}, 0.04937],
    ['on ARM', { architecture: 'ARM64' as const }, 0.0395],
    ['on Spot', { capacityProvider: 'FARGATE_SPOT' as const }, 0.014811],
    ['of ten seconds is that of a minute', { seconds: 10 }, 0.04937 / 60],
    ['with a public address', { hasPublicIp: true }, 0.05437],
    [
      'with a public address on Spot',
      { hasPublicIp: true, capacityProvider: 'FARGATE_SPOT' as const },
      0.019811,
    ],
    ['in São Paulo', { prices: fargatePricesOf('sa-east-1').prices }, 0.0848],
    ['of four vCPUs and eight GiB is four times that', { cpu: 4096, memory: 8192 }, 4 * 0.04937],
  ])('%s', (_title, over, usd) => {
    expect(estimateCostUsd({ ...hour, ...over })).toBeCloseTo(usd, 6);
  });
});

describe('prices of a region', () => {
  it('are the region’s own if they are known or configured', () => {
    expect(fargatePricesOf('ap-southeast-2')).toMatchObject({ priceRegion: 'ap-southeast-2' });
    const own = { X86_64: { vcpu: 1, gib: 2 }, ARM64: { vcpu: 3, gib: 4 } };
    expect(fargatePricesOf('xx-new-1', own)).toEqual({ prices: own, priceRegion: 'xx-new-1' });
    expect(fargatePricesOf('us-east-1', own)).toEqual({ prices: own, priceRegion: 'us-east-1' });
  });

  it('are those of us-east-1, with its name, if they are unknown', () => {
    expect(fargatePricesOf('xx-new-1')).toEqual(fargatePricesOf('us-east-1'));
  });
});

describe('parameter names', () => {
  it('are below the fleet’s path', () => {
    expect(parameterNames('/p', 'blue')).toEqual({
      config: '/p/fleets/blue/config',
      certificateAuthorities: '/p/fleets/blue/ca',
      webhookSecret: '/p/fleets/blue/webhook-secret',
      previousWebhookSecret: '/p/fleets/blue/webhook-secret-previous',
      signingToken: '/p/fleets/blue/signing-token',
      previousSigningToken: '/p/fleets/blue/signing-token-previous',
      runnerToken: '/p/fleets/blue/runner-token',
      apiToken: '/p/fleets/blue/api-token',
      runnerTokensPath: '/p/fleets/blue/runner-tokens/',
    });
  });

  it.each([
    ['/p/fleets/blue/config', 'blue'],
    ['/p/fleets/blue/runner-token', undefined],
    ['/p/fleets/blue/more/config', undefined],
    ['/other/fleets/blue/config', undefined],
    ['/p/fleets/config', undefined],
  ])('%s is the document of fleet %s', (name, fleet) => {
    expect(fleetOfConfigParameter('/p', name)).toBe(fleet);
  });

  it.each([
    [`/p/fleets/blue/runner-tokens/${'0a'.repeat(16)}`, 'blue'],
    [`/p/fleets/blue/runner-tokens/${'0a'.repeat(16)}0`, undefined],
    [`/p/fleets/blue/runner-tokens/${'0A'.repeat(16)}`, undefined],
    ['/p/fleets/blue/runner-tokens/', undefined],
    ['/p/fleets/blue/runner-token', undefined],
    [`/p/fleets/blue/more/runner-tokens/${'0a'.repeat(16)}`, undefined],
    [`/p/fleets//runner-tokens/${'0a'.repeat(16)}`, undefined],
    [`/other/fleets/blue/runner-tokens/${'0a'.repeat(16)}`, undefined],
    [`/q/p/fleets/blue/runner-tokens/${'0a'.repeat(16)}`, undefined],
  ])('%s holds a token from a webhook of fleet %s', (name, fleet) => {
    expect(fleetOfWebhookRunnerToken('/p', name)).toBe(fleet);
  });

  it('reveal nothing about a webhook’s token, and are the same for the same token', () => {
    const names = parameterNames(DEFAULT_PARAMETER_PREFIX, 'blue');
    const name = webhookRunnerTokenName(names, 'glrt-secret');
    expect(name).toMatch(/^\/serverless-gitlab-runner\/fleets\/blue\/runner-tokens\/[0-9a-f]{32}$/);
    expect(webhookRunnerTokenName(names, 'glrt-secret')).toBe(name);
    expect(webhookRunnerTokenName(names, 'glrt-other')).not.toBe(name);
  });
});

describe('task tags', () => {
  it('have keys and values that ECS accepts, including the longest', () => {
    const allowed = /^[\p{L}\p{N} +\-=._:/@]{1,256}$/u;
    const names = parameterNames(DEFAULT_PARAMETER_PREFIX, 'f'.repeat(32));
    const tags = toTags({
      role: 'manager',
      fleet: 'f'.repeat(32),
      slot: '100',
      demand: new Date().toISOString(),
      drain: new Date().toISOString(),
      runnerTokenParameter: webhookRunnerTokenName(names, 'glrt-secret'),
      jobId: String(Number.MAX_SAFE_INTEGER),
      projectId: '1',
      start: `${Number.MAX_SAFE_INTEGER}-1000`,
      ahead: new Date().toISOString(),
    });
    expect(tags.map(({ key }) => key).toSorted()).toEqual(Object.values(TAG).toSorted());
    for (const { key, value } of tags) {
      expect(key).toMatch(allowed);
      expect(value).toMatch(allowed);
    }
  });

  it('are left out without a value, and read back by name', () => {
    const tags = toTags({ role: 'job', fleet: undefined, jobId: '7' });
    expect(tags).toHaveLength(2);
    expect(tagValue(tags, 'jobId')).toBe('7');
    expect(tagValue(tags, 'fleet')).toBeUndefined();
    expect(tagValue(undefined, 'fleet')).toBeUndefined();
  });
});

it.each([
  ['arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123', '0123'],
  ['arn:aws:ecs:eu-west-1:111122223333:task/0123', '0123'],
  ['0123', '0123'],
])('the id of %s is %s', (arn, id) => {
  expect(taskIdOf(arn)).toBe(id);
});

describe('names of one fleet', () => {
  const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
  const digest = fc.stringMatching(/^[0-9a-f]{32}$/);

  it('match no other fleet, whatever suffix follows', () => {
    fc.assert(
      fc.property(names, names, digest, (one, other, rest) => {
        fc.pre(one !== other);
        expect(`${jobFamilyPrefix(other)}${rest}`.startsWith(jobFamilyPrefix(one))).toBe(false);
        expect(`${fleetSecretsPath('/p', other)}${rest}`.startsWith(fleetSecretsPath('/p', one))).toBe(false);
        expect(managerFamily(one)).not.toBe(managerFamily(other));
      }),
      { examples: [['a', 'a-b', '0'.repeat(32)]] },
    );
  });

  it('identify the fleet', () => {
    fc.assert(
      fc.property(names, digest, (fleet, rest) => {
        expect(fleetOfJobFamily(`${jobFamilyPrefix(fleet)}${rest}`)).toBe(fleet);
        expect(fleetOfJobFamily(managerFamily(fleet))).toBeUndefined();
        expect(fleetSecretsPath('/p', fleet)).toBe(`${jobSecretsPath('/p')}${fleet}/`);
      }),
    );
  });
});
