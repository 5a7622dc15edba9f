import { describe, expect, it } from 'vitest';
import { measureBurst, measureLaunch, measureLoad, measureVanished } from '../src/index.ts';

const operations = async (over: Partial<Parameters<typeof measureLaunch>[0]>) => {
  const { calls } = await measureLaunch({ seed: 1, jobs: 10, concurrentJobs: 20, max: 1, ...over });
  return calls.map(({ operation }) => operation).sort();
};

describe('ten jobs of one batch, without a manager', () => {
  it('take six calls to start one', async () => {
    expect(await operations({})).toEqual([
      'ChangeMessageVisibilityBatch',
      'GetParameter',
      'ListTasks',
      'ListTasks',
      'PutEvents',
      'RunTask',
    ]);
  });

  it('take one call more for each further manager, all at the same time', async () => {
    const { calls } = await measureLaunch({ seed: 1, jobs: 10, concurrentJobs: 2, max: 5 });
    expect(calls).toHaveLength(10);
    const starts = calls.filter(({ operation }) => operation === 'RunTask').map(({ at }) => at);
    expect(starts).toHaveLength(5);
    expect(new Set(starts).size).toBe(1);
  });
});

describe('a burst', () => {
  it('loses no job, and starts all managers that the fleet may have', async () => {
    const report = await measureBurst({ seed: 1, jobs: 200, within: 5, max: 3 });
    expect(report).toMatchObject({ managers: 3, lost: 0, violation: undefined });
    expect(report.seconds).toBeLessThan(10);
  });
});

describe('200 webhooks for jobs that do not wait', () => {
  it.each([
    { idleSeconds: 300, managers: 2 },
    { idleSeconds: 60, managers: 2 },
    { idleSeconds: 30, managers: 2 },
    // Six managers that leave after five seconds have asked for 30 seconds together.
    { idleSeconds: 5, managers: 10 },
  ])(
    'start at most $managers managers, with a maximum of two and an idle time of $idleSeconds s',
    async (expected) => {
      const { idleSeconds } = expected;
      const report = await measureVanished({ seed: 1, jobs: 200, max: 2, concurrentJobs: 4, idleSeconds });
      expect(report.violation).toBeUndefined();
      expect(report.managers).toBeLessThanOrEqual(expected.managers);
      expect(report.seconds).toBeLessThan(600);
    },
  );
});

describe('a steady load', () => {
  it('has each call that launcher, reaper and managers make', async () => {
    const report = await measureLoad({ seed: 1, managers: 5, jobs: 100, endsPerMinute: 20 });
    expect(report.violation).toBeUndefined();
    expect(report.jobTasks).toBeGreaterThan(80);
    expect([...report.byOperation.keys()].sort()).toEqual(
      expect.arrayContaining([
        ...['launcher ListTasks', 'manager DescribeTasks', 'manager ListTagsForResource'],
        ...['manager ListTasks', 'manager RunTask', 'manager StopTask', 'reaper ListTasks'],
      ]),
    );
    // Each job has one RunTask.
    expect(report.byOperation.get('manager RunTask')).toBeCloseTo(20 / 60, 1);
  });
});
