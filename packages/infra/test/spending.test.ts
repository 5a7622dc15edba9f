import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderSpendingPage } from '../src/spending/render-page.ts';
import { worstDay } from '../src/spending/worst-day.ts';

const page = readFileSync(new URL('../../../docs/spending.md', import.meta.url), 'utf8');

describe('the maximum spending of one person with push access', () => {
  it('matches docs/spending.md (update it with: npm run spending -w packages/infra)', () => {
    expect(page).toBe(renderSpendingPage());
  });

  it('equals a manual calculation for 20 jobs of 4 vCPU and 30 GiB for a day', () => {
    const { bounded, totalUsd } = worstDay();
    expect(bounded[0]?.usd).toBeCloseTo(20 * 24 * (4 * 0.04048 + 30 * 0.004445), 6);
    expect(totalUsd).toBeCloseTo(
      bounded.reduce((sum, { usd }) => sum + usd, 0),
      6,
    );
  });

  it('has an amount for each cause, bounded or not', () => {
    const { bounded, unbounded } = worstDay();
    for (const { what, usd } of [...bounded, ...unbounded]) expect([what, usd > 0]).toEqual([what, true]);
    expect(unbounded.map(({ what }) => what).join()).toMatch(/internet.*caches/);
  });
});
