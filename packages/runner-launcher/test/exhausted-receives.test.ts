import { describe, expect, it } from 'vitest';
import { endExhausted } from '../src/exhausted-receives.ts';
import { type Outcome, processBatch } from '../src/index.ts';
import { createLauncher, kinds, named, queued } from './support/launcher.ts';

const message = (receiveCount: number) => ({ messageId: 'm', receiptHandle: 'r', body: '', receiveCount });

describe('a message at its last receive', () => {
  it.each<[string, Outcome, Outcome]>([
    [
      'is given up with the reason',
      { kind: 'retry', reason: 'at-maximum' },
      {
        kind: 'give-up',
        reason: 'receives-exhausted',
        last: 'at-maximum',
        message:
          'Gave up after 10 receives; the last time, its fleet was at manager.max and every manager was full: raise ' +
          'manager.max or manager.concurrentJobs. Then redrive the dead-letter queue',
      },
    ],
    [
      'is given up with any other reason',
      { kind: 'retry', reason: 'unknown' },
      {
        kind: 'give-up',
        reason: 'receives-exhausted',
        last: 'unknown',
        message:
          'Gave up after 10 receives; the last time, the launch failed (unknown): see ManagerLaunchFailed and the log. ' +
          'Then redrive the dead-letter queue',
      },
    ],
    [
      'is left to the manager that its job was assigned to',
      { kind: 'recheck', because: 'manager-runs' },
      { kind: 'done', because: 'manager-runs' },
    ],
    [
      'stays given up for another reason',
      { kind: 'give-up', reason: 'unreadable', message: 'x' },
      { kind: 'give-up', reason: 'unreadable', message: 'x' },
    ],
    ['stays done', { kind: 'done', because: 'job-runs' }, { kind: 'done', because: 'job-runs' }],
  ])('%s', (_title, outcome, expected) => {
    expect(endExhausted({ message: message(10), outcome }, 10).outcome).toEqual(expected);
    expect(endExhausted({ message: message(11), outcome }, 10).outcome.kind).toBe(expected.kind);
    expect(endExhausted({ message: message(9), outcome }, 10).outcome).toEqual(outcome);
  });

  it.each([
    ['throttled', 'ThrottlingException', 'throttled'],
    ['no capacity', 'ServerException', 'unknown'],
  ])('is reported by a final event: %s', async (_title, error, reason) => {
    const launcher = createLauncher();
    launcher.ecs.mock.onAnyCommand().rejects(named(error));
    const settled = await processBatch([{ ...queued(1), receiveCount: 10 }], {
      ...launcher.deps,
      maxReceives: 10,
    });
    expect(kinds(settled)).toEqual(['give-up receives-exhausted']);
    expect(launcher.events('ManagerLaunchFailed').at(-1)).toMatchObject({
      fleet: 'default',
      reason,
      final: true,
      causeEventId: 'e1',
      message: expect.stringContaining('after 10 receives'),
    });
  });

  it('is reported when its fleet is at the maximum', async () => {
    const launcher = createLauncher({ max: 1, concurrentJobs: 1 });
    const batch = [queued(1), { ...queued(2), receiveCount: 10 }, { ...queued(3), receiveCount: 9 }];
    const settled = await processBatch(batch, { ...launcher.deps, maxReceives: 10 });
    expect(kinds(settled)).toEqual(['manager-launched', 'give-up receives-exhausted', 'retry at-maximum']);
    expect(launcher.events('ManagerLaunchFailed')).toMatchObject([{ reason: 'no-capacity', final: true }]);
  });
});
