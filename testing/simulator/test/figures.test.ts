import { describe, expect, it } from 'vitest';
import { distributionOf, type Figures, figuresOf } from '../src/figures.ts';
import type { Outcome } from '../src/fleet/simulate.ts';
import { goalsOf } from '../src/goals.ts';
import { policyByName } from '../src/policies.ts';
import { choose } from '../src/study.ts';

const outcome = (policy: string, seconds: number[], jobs: number, over: Partial<Outcome> = {}): Outcome => ({
  policy: policyByName(policy),
  pipelines: seconds.map((waitedSeconds, index) => ({
    stages: index + 1,
    waitedSeconds,
    waitedStarts: waitedSeconds / 50,
  })),
  bill: { usd: { jobs, managers: 0, unclaimed: 0, idle: 0 } },
  ahead: { started: 0, claimed: 0 },
  managers: 0,
  ...over,
});
const today = outcome('today', [100, 200, 300, 400], 10);

const figures = (policy: string, mean: number, over: Partial<Figures> = {}): Figures => ({
  ...figuresOf(outcome(policy, [], 1), today),
  waitedStarts: { median: mean, mean, p95: mean },
  cost: 1,
  usdPerSavedMinute: 0.001,
  ...over,
});

describe('figures', () => {
  it.each([
    [[], { median: 0, mean: 0, p95: 0 }],
    [[3], { median: 3, mean: 3, p95: 3 }],
    [[4, 1, 2, 3], { median: 2.5, mean: 2.5, p95: 3.85 }],
  ])('of %j are %j', (values, expected) => {
    const { median, mean, p95 } = distributionOf(values);
    expect({ median, mean, p95: Math.round(p95 * 100) / 100 }).toEqual(expected);
  });

  it('compare waiting time and cost with today', () => {
    const half = outcome('next-one', [50, 100, 150, 200], 11, { ahead: { started: 4, claimed: 3 } });
    expect(figuresOf(half, today)).toMatchObject({
      waiting: 0.5,
      cost: 1.1,
      // One dollar for 500 s.
      usdPerSavedMinute: 0.12,
      claimed: 0.75,
      longPipelinesMeanStarts: 4,
    });
  });

  it('have no cost per saved minute if no minute is saved', () => {
    expect(figuresOf(today, today).usdPerSavedMinute).toBeUndefined();
  });
});

describe('the chosen policy', () => {
  it.each([
    [
      'has the shortest waiting time',
      [figures('next-one', 1.5), figures('next-one-book', 1.2)],
      'next-one-book',
    ],
    [
      'is the simpler of two similar policies',
      [figures('next-one', 1.21), figures('next-one-book', 1.2)],
      'next-one',
    ],
    [
      'costs at most a fifth more than today',
      [figures('next-one', 1.5), figures('first', 1, { cost: 1.21 })],
      'next-one',
    ],
    [
      'costs at most half a cent per saved minute',
      [figures('next-one', 1.5), figures('first', 1, { usdPerSavedMinute: 0.0051 })],
      'next-one',
    ],
    [
      'can be implemented',
      [figures('next-one', 1.5), figures('oracle', 1), figures('managed-instances', 1)],
      'next-one',
    ],
    ['is today if no other policy is affordable', [figures('next-one', 1, { cost: 2 })], 'today'],
  ])('%s', (_, others, expected) => {
    expect(choose([figures('today', 3, { usdPerSavedMinute: undefined }), ...others])).toBe(expected);
  });
});

describe('the goals', () => {
  const team = (best: Figures) => ({
    name: 'team of 50',
    seeds: [1],
    pipelines: 4,
    jobs: 4,
    startSeconds: 50,
    figures: [best],
    chosen: 'next-one',
    settings: { maxManagers: 1, concurrentJobs: 20, unclaimedVcpu: 8, instanceVcpu: 4 },
    waits: new Map<string, number[]>(),
  });

  const wrong = figures('wrong', 3, { waiting: 1, cost: 1.05 });

  it('are met at their targets and missed above them', () => {
    const best = figures('next-one', 1.3, { longPipelinesMeanStarts: 1.71 });
    const goals = goalsOf(team(best), figures('next-one', 1, { waiting: 0.3 }), wrong);
    expect(goals.map(({ isMet }) => isMet)).toEqual([true, true, false, true, true, true, true, true]);
  });

  it('are missed without a figure', () => {
    const goals = goalsOf(
      team(figures('next-one', 1, { usdPerSavedMinute: undefined })),
      figures('next-one', 1),
      wrong,
    );
    expect(goals.find(({ goal }) => goal === 'USD per saved minute')).toMatchObject({ isMet: false });
  });
});
