import { JOB_ENDS } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import { decideJobEnd } from '../src/job/end/decide-job-end.ts';
import type { StartedTask } from '../src/job/job-session.ts';
import { TASK_ARN } from './support/executor-fixture.ts';
import { sessionOf } from './support/job.ts';

describe('the end of a job', () => {
  const ready: StartedTask = {
    arn: TASK_ARN,
    capacityProvider: 'FARGATE',
    shape: undefined as unknown as StartedTask['shape'],
    requestedAt: 0,
    isReady: true,
  };
  const aborted = { signal: { aborted: true } };
  const loss: { lines: string[]; fault: 'system' } = { lines: [], fault: 'system' };
  const stopped = { ...ready, lastSeen: { desiredStatus: 'STOPPED' } };

  it.each([
    ['succeeded', { task: ready, scriptEnd: 'succeeded' }],
    ['failed', { task: ready, scriptEnd: 'failed' }],
    ['interrupted', { task: ready }],
    ['interrupted', { abort: aborted }],
    ['interrupted', { task: { ...ready, isReady: false }, abort: aborted }],
    ['refused', { isRefused: true }],
    ['start-failed', {}],
    ['start-failed', { task: { ...ready, isReady: false } }],
    ['lost', { task: ready, loss }],
    ['lost', { task: stopped, scriptEnd: 'succeeded' }],
  ] as const)('is %s', (end, facts) => {
    expect(decideJobEnd({ ...sessionOf(), ...facts })).toBe(end);
    expect(JOB_ENDS).toContain(end);
  });
});
