import { jobTaskFacts, managerFacts, taskIdNumber } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { describe, expect, it } from 'vitest';
import { askedInVainMs } from '../src/drained-managers.ts';

const since = 1_000_000;
const limits = { idleSeconds: 20, maxLifetimeSeconds: 600 };
type Left = Parameters<typeof managerFacts>[0];

/** A manager that started after the job was queued, and was drained this many seconds later. */
const drained = (seconds: number, over: Left = {}) =>
  managerFacts({ startedAt: since + 5000, drainAt: since + 5000 + seconds * 1000, exitCode: 0, ...over });

describe('the time for which managers asked in vain', () => {
  it.each<[string, ReturnType<typeof drained>[], number]>([
    ['no manager', [], 0],
    ['from its start until it was drained', [drained(8)], 8000],
    ['of several managers together', [drained(8), drained(9)], 17_000],
    ['at most the time for which it had no job', [drained(21)], 20_000],
    ['only since the job was queued', [drained(8, { startedAt: since - 60_000 })], 13_000],
    ['not of one that was drained before', [drained(8), drained(0, { drainAt: since - 1 })], 8000],
    ['of one that has not ended yet', [drained(8, { exitCode: undefined })], 8000],
    ['not of one that failed', [drained(8, { exitCode: 1 })], 0],
    ['not of one that never ran', [drained(8, { startedAt: undefined })], 0],
    ['not of one that was not drained', [drained(8, { drainAt: undefined })], 0],
    ['of one just below its maximum lifetime', [drained(599.9)], 20_000],
    ['not of one at its maximum lifetime, which may have been full', [drained(600)], 0],
  ])('%s', (_title, managers, expected) => {
    expect(askedInVainMs(managers, [], limits, since)).toBe(expected);
  });

  it.each<[string, Parameters<typeof jobTaskFacts>[0], number]>([
    ['the end of its last job task', { stoppedAt: since + 8000 }, 5000],
    ['its start, if the task is of another manager', { managerTaskId: taskIdNumber(2) }, 8000],
    ['never, if a job task still runs', {}, 0],
    ['never, if its last job task ended after the drain', { stoppedAt: since + 14_000 }, 0],
  ])('counts from %s', (_title, over, expected) => {
    expect(askedInVainMs([drained(8)], [jobTaskFacts(over)], limits, since)).toBe(expected);
  });
});
