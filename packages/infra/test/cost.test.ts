import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resourcesOf } from '../src/spending/app-templates.ts';
import { idleMonth, totalOf, UnknownPriceError } from '../src/spending/idle-month.ts';
import { dayUsd, jobTaskUsd, SIZES } from '../src/spending/job-costs.ts';
import { FREE, PRICES } from '../src/spending/prices.ts';
import { renderCostPage } from '../src/spending/render-cost-page.ts';

const page = readFileSync(new URL('../../../docs/cost.md', import.meta.url), 'utf8');
const item = (context: Record<string, unknown>, what: string) =>
  idleMonth(resourcesOf(context)).find((each) => each.what === what);

describe('an idle month', () => {
  it('costs less than ten cents within the free tiers', () => {
    const { usd, usdBeyondFree } = totalOf(idleMonth());
    expect(usd).toBeGreaterThan(0);
    expect(usd).toBeLessThan(0.1);
    expect(usdBeyondFree).toBeGreaterThan(4);
  });

  it('has all its alarms for free, but not those of a second fleet', () => {
    expect(item({}, 'alarms')).toMatchObject({ usage: String(FREE.alarms), usd: 0, usdBeyondFree: 1 });
    const two = item({ fleets: [{ name: 'default' }, { name: 'large' }] }, 'alarms');
    expect(two?.usd).toBeCloseTo(PRICES.alarmMonth, 6);
  });

  it('has no price for a dashboard that is left out', () => {
    expect(item({}, 'dashboard')?.usdBeyondFree).toBe(PRICES.dashboardMonth);
    expect(item({ dashboard: false }, 'dashboard')?.usdBeyondFree).toBe(0);
  });

  it('counts a sweep each minute of 43,800', () => {
    expect(item({}, 'Scheduler: idle-reaper')?.usage).toBe('43,800 invocations');
    expect(item({}, 'Lambda: time of idle-reaper')?.usdBeyondFree).toBeCloseTo(
      43_800 * 0.5 * 0.5 * 0.0000133334,
      6,
    );
  });

  it('cannot be calculated with a resource whose price is unknown', () => {
    const gateway = { Type: 'AWS::EC2::NatGateway', Properties: {} };
    expect(() => idleMonth([...resourcesOf(), gateway])).toThrow(UnknownPriceError);
  });
});

describe('jobs', () => {
  it('cost what a manual calculation says', () => {
    const size = { cpu: 1024, memory: 2048 };
    expect(jobTaskUsd(size).onDemand).toBeCloseTo((5 / 60) * (0.04048 + 2 * 0.004445 + 0.005), 8);
  });

  it('cost less from zero than with a manager that never stops', () => {
    for (const size of SIZES) {
      const { jobs, fromZero, alwaysOn } = dayUsd(size);
      expect(fromZero).toBeGreaterThan(jobs);
      expect(alwaysOn).toBeGreaterThan(fromZero);
    }
  });
});

it('docs/cost.md is up to date (update it with: npm run cost -w packages/infra)', () => {
  expect(page).toBe(renderCostPage());
});
