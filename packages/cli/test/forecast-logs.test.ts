import { describe, expect, it } from 'vitest';
import { joinLoggedJobs } from '../src/forecast/join-logged-jobs.ts';
import { ago } from './support/job.ts';
import { endedLine, eventLine, queuedLine } from './support/job-lines.ts';

const started = eventLine('JobTaskStarted', 90, { secondsToStart: 20 });
const finished = eventLine('JobTaskFinished', 30, {
  ...{ outcome: 'completed', seconds: 80, estimatedCostUsd: 0.0011 },
});
const none = { started: [], finished: [], stopped: [], queued: [], ended: [] };

describe('logged jobs', () => {
  it('join the events of the task with the webhooks of the job', () => {
    const { jobs, leftOut } = joinLoggedJobs({
      ...none,
      started: [started],
      finished: [finished],
      queued: [queuedLine(110)],
      ended: [endedLine(32, 'failed')],
    });
    expect(leftOut).toEqual({ withoutPipeline: 0, incomplete: 0 });
    expect(jobs).toMatchObject([
      {
        jobId: 7,
        pipelineId: 12,
        queuedAt: ago(110),
        startedAt: ago(90),
        finishedAt: ago(32),
        endedAt: ago(30),
        succeeded: false,
        waitedSeconds: 20,
        startSeconds: 20,
        costUsd: 0.0011,
      },
    ]);
  });

  it('without webhooks were queued with RunTask, and ended as their task', () => {
    const { jobs } = joinLoggedJobs({ ...none, started: [started], finished: [finished] });
    expect(jobs).toMatchObject([
      { queuedAt: ago(110), finishedAt: ago(30), succeeded: true, waitedSeconds: undefined },
    ]);
  });

  it('have no start time in a task that was started ahead', () => {
    const ahead = eventLine('JobTaskStarted', 90, { secondsToStart: 1, secondsAhead: 30 });
    const { jobs } = joinLoggedJobs({ ...none, started: [ahead], finished: [finished] });
    expect(jobs[0]?.startSeconds).toBeUndefined();
  });

  it('count once, with the task that ran them last', () => {
    const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/2';
    const again = [
      eventLine('JobTaskStarted', 25, { secondsToStart: 5, taskArn }),
      eventLine('JobTaskFinished', 10, { outcome: 'completed', seconds: 20, estimatedCostUsd: 1, taskArn }),
    ] as const;
    const { jobs } = joinLoggedJobs({
      ...none,
      started: [started, again[0]],
      finished: [{ ...finished }, again[1]],
    });
    expect(jobs.map(({ startedAt }) => startedAt)).toEqual([ago(25)]);
  });

  it.each([
    ['a job that still runs', [started], [], { withoutPipeline: 0, incomplete: 1 }],
    ['a job that began before the logs', [], [finished], { withoutPipeline: 0, incomplete: 1 }],
    [
      'a job without a pipeline id',
      [started],
      [
        eventLine('JobTaskFinished', 30, {
          ...{ outcome: 'completed', seconds: 80, estimatedCostUsd: 0, pipelineId: undefined },
        }),
      ],
      { withoutPipeline: 1, incomplete: 0 },
    ],
  ])('leave out %s', (_, starts, ends, leftOut) => {
    expect(joinLoggedJobs({ ...none, started: starts, finished: ends })).toMatchObject({ jobs: [], leftOut });
  });

  it('come with what was started ahead in vain', () => {
    const stopped = [eventLine('AheadTaskStopped', 10, { seconds: 70, estimatedCostUsd: 0.0003 })];
    expect(joinLoggedJobs({ ...none, stopped }).unclaimed).toEqual([
      { fleet: 'default', at: ago(10), costUsd: 0.0003 },
    ]);
  });
});
