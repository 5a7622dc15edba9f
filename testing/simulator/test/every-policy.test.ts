import {
  POLICIES,
  policyByName,
  simulate,
  TODAYS_STARTS,
  type Trace,
  totalUsd,
} from '@serverless-gitlab-runner/simulation';
import { describe, expect, it } from 'vitest';
import { syntheticTeam, TEAMS } from '../src/trace/synthetic-team.ts';

describe('every policy', () => {
  const team = { ...TEAMS['5'], people: 5, warmUpDays: 1, measuredDays: 4 };
  const settings = { maxManagers: 2, concurrentJobs: 3, unclaimedVcpu: 8, instanceVcpu: 4 };
  const outcome = (each: Trace, policy: string) => simulate(each, policyByName(policy), TODAYS_STARTS, 1);
  const trace = syntheticTeam({ ...team, settings }, 3);
  const expected = trace.pipelines.filter(({ at }) => at >= trace.measuredFrom).length;

  it.each(POLICIES.map(({ name }) => name))('%s: every pipeline ends, none too early', (name) => {
    const { pipelines } = outcome(trace, name);
    expect(pipelines).toHaveLength(expected);
    expect(Math.min(...pipelines.map(({ waitedSeconds }) => waitedSeconds))).toBeGreaterThan(-0.01);
  });

  it.each(POLICIES.map(({ name }) => name))('%s: the outcome is deterministic', (name) => {
    expect(outcome(trace, name)).toEqual(outcome(trace, name));
  });

  it('floor: nothing waits, and the cost is the lowest', () => {
    const floor = outcome(trace, 'floor');
    expect(Math.max(...floor.pipelines.map(({ waitedSeconds }) => waitedSeconds))).toBeLessThan(0.01);
    for (const { name } of POLICIES)
      expect(totalUsd(outcome(trace, name).bill)).toBeGreaterThanOrEqual(totalUsd(floor.bill));
  });
});
