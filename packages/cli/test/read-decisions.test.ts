import { describe, expect, it } from 'vitest';
import type { LogLine } from '../src/read-log-lines.ts';
import { decisionsOf, webhooksOf } from '../src/why/read-decisions.ts';

const line = (at: number, fields: LogLine['fields']): LogLine => ({ at, fields });
const decided = (at: number, ...jobs: { jobId: number; fleet: string; outcome: string }[]) =>
  line(at, { message: 'jobs decided', jobs });
const failed = (at: number, fleet: string, reason: string, message: string) => ({
  at,
  fleet,
  reason,
  message,
});

describe("a job's webhooks", () => {
  it('are those that were accepted for it', () => {
    const accepted = {
      message: 'webhook answered',
      event: 'queued',
      jobId: 7,
      fleet: 'default',
      projectId: 3,
    };
    const lines = [
      line(1, accepted),
      line(2, { ...accepted, jobId: 70 }),
      line(3, { ...accepted, event: 'finished' }),
      line(4, { message: 'webhook answered', decision: 'not authentic' }),
      line(5, { ...accepted, projectId: undefined }),
    ];
    expect(webhooksOf(7, lines)).toEqual([
      { at: 1, fleet: 'default', projectId: 3 },
      { at: 5, fleet: 'default', projectId: undefined },
    ]);
  });
});

describe('decisions about a job', () => {
  it('are those of its batches', () => {
    const lines = [
      decided(
        1,
        { jobId: 70, fleet: 'a', outcome: 'job-runs' },
        { jobId: 7, fleet: 'a', outcome: 'recheck: manager-runs' },
      ),
      line(2, { message: 'launch planned', requests: 7 }),
      decided(3, { jobId: 7, fleet: 'a', outcome: 'job-runs' }),
    ];
    expect(decisionsOf(7, lines, [])).toEqual([
      { at: 1, fleet: 'a', outcome: 'recheck: manager-runs', message: undefined },
      { at: 3, fleet: 'a', outcome: 'job-runs', message: undefined },
    ]);
  });

  it('have the message of the last failure of their fleet and reason before them', () => {
    const failures = [
      failed(1, 'a', 'no-capacity', 'first'),
      failed(2, 'a', 'no-capacity', 'second'),
      failed(2, 'a', 'unknown', 'another reason'),
      failed(2, 'b', 'no-capacity', 'another fleet'),
      failed(4, 'a', 'no-capacity', 'later'),
    ];
    const [decision] = decisionsOf(
      7,
      [decided(3, { jobId: 7, fleet: 'a', outcome: 'retry: no-capacity' })],
      failures,
    );
    expect(decision?.message).toBe('second');
  });

  it.each([
    [
      'no-fleet-takes-it',
      { message: 'no fleet takes the job', jobId: 7, tagList: ['gpu', 'x'] },
      'its tags are gpu, x',
    ],
    ['no-fleet-takes-it', { message: 'no fleet takes the job', jobId: 7, tagList: [] }, 'its tags are none'],
    ['no-fleet-takes-it', { message: 'no fleet takes the job', jobId: 70, tagList: ['gpu'] }, undefined],
    ['job-not-waiting', { message: 'job no longer waiting', jobId: 7, status: 'canceled' }, 'canceled'],
    ['job-not-waiting', { message: 'job no longer waiting', jobId: 70, status: 'canceled' }, undefined],
  ])('say more about %s', (outcome, fields, message) => {
    const lines = [line(1, fields), decided(2, { jobId: 7, fleet: 'a', outcome })];
    expect(decisionsOf(7, lines, [])).toMatchObject([{ message }]);
  });
});
