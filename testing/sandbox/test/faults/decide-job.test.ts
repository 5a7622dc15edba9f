import { accessKeyOf } from '@serverless-gitlab-runner/aws-emulator';
import { describe, expect, it } from 'vitest';
import { olderBy } from '../../src/suites/faults/catalogue/held-events.ts';
import { shiftedTimes } from '../../src/suites/faults/catalogue/post-hook.ts';
import {
  decideJob,
  peakManagers,
  type RunResult,
  refilledSlots,
} from '../../src/suites/faults/decide-job.ts';
import { isClean, reportOf } from '../../src/suites/faults/report.ts';
import type { ObservedTask } from '../../src/system/observe-tasks.ts';

const job = { name: 'j', status: 'success', failureReason: null, log: 'its task was lost' } as const;
const success = { status: 'success' } as const;

describe('the decision about a job', () => {
  it.each([
    ['that succeeded as expected', job, success, undefined, 'finished'],
    [
      'that failed as expected',
      { ...job, status: 'failed' as const },
      { status: 'failed' as const },
      undefined,
      'finished',
    ],
    ['that is still running', { ...job, status: 'running' as const }, success, undefined, 'lost'],
    ['that is still pending', { ...job, status: 'pending' as const }, success, undefined, 'lost'],
    [
      'that failed unexpectedly',
      { ...job, status: 'failed' as const, failureReason: 'script_failure' },
      success,
      undefined,
      'killed',
    ],
    ['that was canceled unexpectedly', { ...job, status: 'canceled' as const }, success, undefined, 'killed'],
    [
      'that the fault ended, with its reason in the log',
      { ...job, status: 'failed' as const, failureReason: 'runner_system_failure' },
      success,
      /task/,
      'interrupted',
    ],
    [
      'that the fault ended, without its reason in the log',
      { ...job, status: 'failed' as const, failureReason: 'runner_system_failure' },
      success,
      /spot/,
      'killed',
    ],
    [
      'that the fault ended, but with a script failure',
      { ...job, status: 'failed' as const, failureReason: 'script_failure' },
      success,
      /task/,
      'killed',
    ],
    ['that survived the fault', job, success, /task/, 'finished'],
    [
      'that failed with another reason',
      { ...job, status: 'failed' as const, failureReason: 'unknown_failure' },
      { status: 'failed' as const, failureReason: 'script_failure' },
      undefined,
      'killed',
    ],
    [
      'whose log lacks the expected text',
      job,
      { status: 'success' as const, says: /No space/ },
      undefined,
      'killed',
    ],
  ])('%s', (_case, facts, expected, interruption, decision) => {
    expect(decideJob(facts, expected, interruption)).toBe(decision);
  });
});

const run: RunResult = {
  jobsQueued: 3,
  jobsFinished: 3,
  jobsLost: 0,
  jobsKilled: 0,
  jobsInterrupted: 0,
  tasksLeaked: 0,
  secretsLeaked: 0,
  secondsToRecover: 5,
  managers: 1,
  seconds: 9,
  problems: [],
};

describe('the report', () => {
  it('sums up the runs, and has the slowest recovery', () => {
    const report = reportOf('f', [run, { ...run, jobsLost: 1, jobsFinished: 2, secondsToRecover: 7 }]);
    expect(report).toEqual({
      fault: 'f',
      runs: 2,
      jobsQueued: 6,
      jobsFinished: 5,
      jobsLost: 1,
      jobsKilled: 0,
      jobsInterrupted: 0,
      tasksLeaked: 0,
      secretsLeaked: 0,
      secondsToRecover: 7,
    });
  });

  it.each(['jobsLost', 'jobsKilled', 'tasksLeaked', 'secretsLeaked'] as const)(
    'is not clean with one of %s',
    (name) => {
      expect(isClean(reportOf('f', [run]))).toBe(true);
      expect(isClean(reportOf('f', [{ ...run, [name]: 1 }]))).toBe(false);
    },
  );
});

describe('the peak number of managers', () => {
  const manager = (from: number, drained?: number, stopped?: number): ObservedTask => ({
    taskArn: `${from}`,
    taskId: `${from}`,
    role: 'manager',
    fleet: 'default',
    jobId: undefined,
    claimedBy: undefined,
    projectId: undefined,
    lastStatus: 'STOPPED',
    cpu: 1,
    memory: 1,
    capacityProvider: 'FARGATE',
    pullStartedAt: undefined,
    startedAt: undefined,
    stopCode: undefined,
    stoppedReason: undefined,
    exitCodes: [],
    slot: undefined,
    createdAt: new Date(from),
    stoppedAt: stopped === undefined ? undefined : new Date(stopped),
    drainedAt: drained === undefined ? undefined : new Date(drained).toISOString(),
  });

  it.each([
    ['two that overlap', [manager(0), manager(5)], 2],
    ['one after the other', [manager(0, undefined, 4), manager(5)], 1],
    ['a drained one next to one that takes jobs', [manager(0, 4), manager(5)], 1],
    ['none', [], 0],
  ])('counts %s', (_case, tasks, peak) => {
    expect(peakManagers(tasks)).toBe(peak);
  });
});

describe('slots that were filled twice', () => {
  const at = (second: number) => new Date(second * 1000);
  const inSlot = (slot: string, created: number, stopped: number): ObservedTask =>
    ({ role: 'manager', slot, createdAt: at(created), stoppedAt: at(stopped) }) as ObservedTask;
  const [first, second] = [inSlot('1', 100, 130), inSlot('1', 101, 130)];

  it.each<[string, ObservedTask[], ObservedTask[], number]>([
    ['count if ECS has just forgotten a token of the slot', [first, second], [inSlot('1', 60, 80)], 1],
    ['do not count if it has not forgotten it yet', [first, second], [inSlot('1', 60, 81)], 0],
    ['do not count if it forgot it long before', [first, second], [inSlot('1', 0, 20)], 0],
    ['do not count for another slot’s token', [first, second], [inSlot('2', 60, 80)], 0],
    ['do not count without an earlier manager', [first, second], [], 0],
    ['are none if the slot was free', [first, inSlot('1', 131, 140)], [inSlot('1', 60, 95)], 0],
  ])('%s', (_title, tasks, earlier, count) => {
    expect(refilledSlots(tasks, [...earlier, ...tasks])).toBe(count);
  });
});

describe('the helpers of faults', () => {
  it('make a held event older, including its detail', () => {
    const entry = { Detail: JSON.stringify({ occurredAt: '2026-01-01T00:10:00.000Z', jobId: 1 }) };
    const older = olderBy(entry, 600_000);
    expect(JSON.parse(older.Detail ?? '')).toEqual({ occurredAt: '2026-01-01T00:00:00.000Z', jobId: 1 });
    expect(older.Time).toEqual(new Date('2026-01-01T00:00:00.000Z'));
  });

  it("shift every time of a webhook, in both of GitLab's formats, and nothing else", () => {
    const body = '{"a":"2026-01-01 00:30:00 UTC","b":"2026-01-01T00:30:00.500Z","c":"2026-01-01","d":7}';
    expect(shiftedTimes(body, 3_600_000)).toBe(
      '{"a":"2026-01-01 01:30:00 UTC","b":"2026-01-01T01:30:00.500Z","c":"2026-01-01","d":7}',
    );
  });

  it("derive a role's access key as the emulator does", () => {
    // python3: base64.b32encode(hashlib.sha256(b"arn:aws:iam::000000000000:role/manager").digest())[:16]
    expect(accessKeyOf('arn:aws:iam::000000000000:role/manager')).toBe('ASIAFTBBTMTRW3LSSMRX');
  });
});
