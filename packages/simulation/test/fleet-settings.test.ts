import { describe, expect, it } from 'vitest';
import { totalUsd } from '../src/fleet/bill.ts';
import { OverloadError } from '../src/fleet/clock.ts';
import { simulate } from '../src/fleet/simulate.ts';
import { HOUR, meanStartSeconds, type StartModel } from '../src/model.ts';
import { policyByName } from '../src/policies.ts';
import type { FleetSettings, JobTrace } from '../src/trace.ts';
import { fourStages, job, model, traceOf } from './support/traces.ts';

// The same jobs in every run, since random numbers depend on their ids.
const trace = traceOf(Array.from({ length: 4 }, () => fourStages()));

const run = (
  settings: Partial<FleetSettings>,
  over: Partial<JobTrace> = {},
  policy = 'next-end-book',
  starts: StartModel = model,
) => {
  const pipelines = trace.pipelines.map((pipeline) => ({
    ...pipeline,
    stages: pipeline.stages.map((stage) => stage.map((each) => ({ ...each, ...over }))),
  }));
  const changed = { ...trace, pipelines, settings: { ...trace.settings, ...settings } };
  return simulate(changed, policyByName(policy), starts, 1);
};

describe('prices', () => {
  const price = { vcpu: 0.4048, gib: 0.04445 };
  const prices = { prices: { X86_64: price, ARM64: price }, hasPublicIp: false };

  it('of the fleet are those of all tasks', () => {
    expect(totalUsd(run({ prices }).bill) / totalUsd(run({}).bill)).toBeCloseTo(10);
  });

  it('count the public address of each task', () => {
    const [without, withIp] = [run({ prices }), run({ prices: { ...prices, hasPublicIp: true } })];
    expect(withIp.bill.usd.jobs).toBeGreaterThan(without.bill.usd.jobs);
    expect(withIp.bill.usd.managers).toBeGreaterThan(without.bill.usd.managers);
  });

  it('of Spot apply to the jobs that ran there, claimed or not', () => {
    const placement = { architecture: 'X86_64', capacityProvider: 'FARGATE_SPOT' } as const;
    const [onDemand, spot] = [run({}).bill.usd, run({}, { placement }).bill.usd];
    expect(spot.jobs / onDemand.jobs).toBeCloseTo(0.3);
    expect(spot.idle / onDemand.idle).toBeCloseTo(0.3);
    expect(spot.managers).toBe(onDemand.managers);
  });

  it('of a manager are those of its task', () => {
    const placement = { architecture: 'X86_64', capacityProvider: 'FARGATE' } as const;
    const twice = run({ managerTask: { cpu: 512, memory: 2048, placement } });
    expect(twice.bill.usd.managers / run({}).bill.usd.managers).toBeCloseTo(2);
  });
});

describe('measured starts', () => {
  const measured = new Map([['image', { sorted: [30, 30, 30], mean: 30 }]]);
  const measuredModel = { ...model, measured };

  it('replace those of sizes and rates, for the shapes that have any', () => {
    const trace = traceOf([[[job('a'), job('b', { shape: 'other' })]]]);
    // 30 s measured; 20 s of provisioning and 30 s of pull modelled.
    expect(meanStartSeconds(trace, measuredModel)).toBe(40);
    const { jobWaits } = run({}, {}, 'today', measuredModel);
    const slower = run({}, {}, 'today').jobWaits;
    // After the manager's start, a job waits for its poll and its task.
    expect(Math.min(...jobWaits)).toBeGreaterThanOrEqual(30);
    expect(Math.min(...jobWaits)).toBeLessThan(34);
    expect(Math.min(...slower)).toBeGreaterThan(44);
  });

  it('are billed from the pull', () => {
    const start = (sorted: number[]) =>
      run({}, {}, 'today', { ...model, measured: new Map([['image', { sorted, mean: 0 }]]) }).bill.usd.jobs;
    expect(start([20])).toBe(start([5]));
    expect(start([40])).toBeGreaterThan(start([20]));
  });
});

describe('waits of jobs', () => {
  it('are those of every attempt in the measured period', () => {
    const failed = { seconds: 10, succeeded: false };
    const retried = [[job('a', { attempts: [failed, { seconds: 10, succeeded: true }] })]];
    const trace = traceOf([retried, retried], { measuredFrom: 1.5 * HOUR });
    expect(simulate(trace, policyByName('today'), model, 1).jobWaits).toHaveLength(2);
  });
});

describe('tasks started ahead', () => {
  it('are none whose kind may not be', () => {
    expect(run({}).ahead.started).toBeGreaterThan(0);
    expect(run({}, { mayStartAhead: false }).ahead).toEqual({ started: 0, claimed: 0 });
  });

  it('are bounded in each manager, if the setting is one of managers', () => {
    const names = [0, 1, 2, 3];
    const wide = () => [names.map((name) => job(`build ${name}`)), names.map((name) => job(`test ${name}`))];
    const six = traceOf(Array.from({ length: 6 }, wide));
    // Two pipelines at a time, whose jobs fill two managers.
    const pipelines = six.pipelines.map((each, index) => ({ ...each, at: (1 + (index >> 1)) * HOUR }));
    const started = (isUnclaimedVcpuPerManager: boolean) => {
      const limits = { maxManagers: 2, concurrentJobs: 4, unclaimedVcpu: 2, instanceVcpu: 4 };
      const settings = { ...limits, isUnclaimedVcpuPerManager };
      return simulate({ ...six, pipelines, settings }, policyByName('next-end-book'), model, 1).ahead.started;
    };
    expect(started(true)).toBeGreaterThan(started(false));
  });
});

describe('a check interval', () => {
  it('is what a job waits for a manager at most', () => {
    const trace = traceOf([fourStages()]);
    const waits = (pollSeconds: number) =>
      simulate(trace, { ...policyByName('today'), pollSeconds }, model, 1).pipelines[0]?.waitedSeconds ?? 0;
    expect(waits(60) - waits(3)).toBeGreaterThan(30);
  });
});

describe('limits', () => {
  it('of managers are those of the fleet', () => {
    const limits = { maxLifetimeSeconds: 7200, drainGraceSeconds: 900 };
    const patient = { ...policyByName('today'), idleMs: 24 * HOUR };
    const trace = traceOf(Array.from({ length: 8 }, () => fourStages()));
    const managers = (managerLimits?: typeof limits) =>
      simulate(
        { ...trace, settings: { ...trace.settings, ...(managerLimits && { managerLimits }) } },
        patient,
        model,
        1,
      ).managers;
    expect(managers()).toBe(1);
    expect(managers(limits)).toBeGreaterThan(2);
  });

  it('of actions end a simulation', () => {
    const trace = traceOf([fourStages()]);
    expect(() => simulate(trace, policyByName('today'), model, 1, { maxActions: 10 })).toThrow(OverloadError);
    expect(() => simulate(trace, policyByName('today'), model, 1, { maxActions: 1000 })).not.toThrow();
  });
});
