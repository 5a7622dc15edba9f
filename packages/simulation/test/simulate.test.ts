import { describe, expect, it } from 'vitest';
import { fargateUsd } from '../src/fleet/compute.ts';
import { simulate } from '../src/fleet/simulate.ts';
import { HOUR } from '../src/model.ts';
import { policyByName } from '../src/policies.ts';
import { fourStages, job, model, traceOf, waits } from './support/traces.ts';

const outcome = (trace: Parameters<typeof simulate>[0], policy: string) =>
  simulate(trace, policyByName(policy), model, 1);

describe('today', () => {
  it('waits for a manager and for a task in each stage', () => {
    // Launcher 2 s, manager 55 s, and four times a task of 50 s and a poll of up to 3 s. Starts vary by up to 5 s.
    const [wait] = waits(traceOf([fourStages()]), 'today');
    expect(wait).toBeGreaterThan(257 - 20);
    expect(wait).toBeLessThan(257 + 12 + 30);
  });

  it('does not wait for a manager that is still running', () => {
    const trace = traceOf([[[job('a')]], [[job('b')]]]);
    const soon = {
      ...trace,
      pipelines: trace.pipelines.map((each, index) => ({ ...each, at: index * 400_000 })),
    };
    const [first = 0, second = 0] = waits(soon, 'today');
    expect(first - second).toBeGreaterThan(40);
  });

  it('pays for managers until the reaper has drained them', () => {
    const { bill, managers } = outcome(traceOf([[[job('a')]], [[job('b')]]]), 'today');
    expect(managers).toBe(2);
    // About 10 to 12 minutes each: start, job, 300 s idle, a sweep every minute, drain.
    const minute = fargateUsd({ cpu: 256, memory: 1024 }, 60);
    expect(bill.usd.managers / 2 / minute).toBeGreaterThan(10);
    expect(bill.usd.managers / 2 / minute).toBeLessThan(13);
  });
});

describe('the next stage ahead', () => {
  const sixRuns = traceOf(
    Array.from({ length: 6 }, () => fourStages()),
    { measuredFrom: 2 * HOUR },
  );

  it('waits for one start and the manager once the pipeline is known', () => {
    for (const wait of waits(sixRuns, 'next-one-book').slice(1)) expect(wait).toBeLessThan(57 + 50 + 40);
  });

  it('learns from scratch with each manager if the book is not kept', () => {
    for (const wait of waits(sixRuns, 'next-one')) expect(wait).toBeGreaterThan(200);
  });

  it('claims the tasks that it starts', () => {
    const { ahead, bill } = outcome(sixRuns, 'next-one-book');
    expect(ahead).toEqual({ started: 15, claimed: 15 });
    expect(bill.usd.unclaimed).toBe(0);
  });

  it('is released when the preceding job fails', () => {
    const failing = [[job('build', { attempts: [{ seconds: 200, succeeded: false }] })]];
    const trace = traceOf([fourStages(), fourStages(), failing], { measuredFrom: 2.5 * HOUR });
    const { ahead, bill } = outcome(trace, 'next-one-book');
    expect(ahead).toEqual({ started: 1, claimed: 0 });
    expect(bill.usd.unclaimed).toBeGreaterThan(0);
    expect(bill.usd.unclaimed).toBeLessThan(fargateUsd({ cpu: 1024, memory: 2048 }, 120));
  });

  it('is not claimed if an earlier stage pushes the image', () => {
    const moving = traceOf(Array.from({ length: 6 }, () => fourStages({ imageMoves: true })));
    expect(outcome(moving, 'next-one-book').ahead.claimed).toBe(0);
  });

  it('is not claimed by a job of another size', () => {
    const trace = traceOf([fourStages(), fourStages({ cpu: 2048, memory: 4096 })]);
    expect(outcome(trace, 'next-one-book').ahead.claimed).toBe(0);
  });

  it.each([
    ['another project', { project: 'other' }],
    ['a protected ref', { isProtected: true }],
  ])('is not claimed by a job of %s', (_, over) => {
    const trace = traceOf([fourStages(), fourStages(), fourStages()]);
    // Queued while the third pipeline's next task is ready and unclaimed.
    const other = { id: 9, project: 'project', isProtected: false, ...over };
    const intruder = { ...other, at: 3 * HOUR + 280_000, stages: [[job('test')]] };
    const alone = waits(trace, 'next-one-book');
    const together = waits({ ...trace, pipelines: [...trace.pipelines, intruder] }, 'next-one-book');
    // The third pipeline ends last.
    expect(together.at(-1)).toBe(alone.at(-1));
  });

  it('does not exceed the unclaimed vCPU that the fleet allows', () => {
    const wide = () => [[job('build')], Array.from({ length: 12 }, (_, index) => job(`test ${index}`))];
    const trace = traceOf([wide(), wide(), wide()], { measuredFrom: 2.5 * HOUR });
    expect(outcome(trace, 'next-one-book').ahead).toEqual({ started: 8, claimed: 8 });
  });

  it('brakes when it is always wrong, and delays no pipeline', () => {
    const trace = traceOf(Array.from({ length: 20 }, () => fourStages()));
    const [today, wrong] = [outcome(trace, 'today'), outcome(trace, 'wrong')];
    expect(wrong.pipelines).toEqual(today.pipelines);
    // Three predicted jobs, three attempts each.
    expect(wrong.ahead).toEqual({ started: 9, claimed: 0 });
  });
});

describe('the first stage ahead', () => {
  it('starts known tasks concurrently with the manager', () => {
    const trace = traceOf([fourStages(), fourStages()]);
    const [, next = 0] = waits(trace, 'next-one-book');
    const [, first = 0] = waits(trace, 'first');
    expect(next - first).toBeGreaterThan(40);
  });
});

describe('a managed instance', () => {
  it('is shared by jobs and keeps images', () => {
    const [cold = 0] = waits(traceOf([[[job('a')]]]), 'managed-instances');
    const [warm = 0] = waits(traceOf([[[job('a')], [job('b')]]]), 'managed-instances');
    // 35 s for the instance, 5 s for the task, 30 s for images. The second job waits only for its task and a poll.
    expect(warm - cold).toBeLessThan(5 + 3 + 3);
  });
});
