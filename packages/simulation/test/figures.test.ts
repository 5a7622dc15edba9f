import { describe, expect, it } from 'vitest';
import { distributionOf, figuresOf } from '../src/figures.ts';
import { outcome } from './support/outcomes.ts';

const today = outcome('today', [100, 200, 300, 400], 10);

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
