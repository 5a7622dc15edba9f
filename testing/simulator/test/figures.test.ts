import { type Figures, figuresOf } from '@serverless-gitlab-runner/simulation';
import { describe, expect, it } from 'vitest';
import { outcome } from '../../../packages/simulation/test/support/outcomes.ts';
import { goalsOf } from '../src/goals.ts';
import { choose } from '../src/study.ts';

const today = outcome('today', [100, 200, 300, 400], 10);

const figures = (policy: string, mean: number, over: Partial<Figures> = {}): Figures => ({
  ...figuresOf(outcome(policy, [], 1), today),
  waitedStarts: { median: mean, mean, p95: mean },
  cost: 1,
  usdPerSavedMinute: 0.001,
  ...over,
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
