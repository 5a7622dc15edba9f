import { estimateCostUsd, FARGATE_PRICES } from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE } from '@serverless-gitlab-runner/machine';
import { describe, expect, it } from 'vitest';
import { definePipeline, waitOf } from '../../src/suites/bench/staged-pipeline.ts';
import { costOfTasks, countAhead, meanStart } from '../../src/suites/bench/task-costs.ts';
import type { ObservedTask } from '../../src/system/observe-tasks.ts';

const T0 = 1_800_000_000;
const at = (seconds: number) => new Date((T0 + seconds) * 1000);

type FinishedJob = Parameters<typeof waitOf>[0][number];

function job(name: string, queued: number, started: number, status = 'success'): FinishedJob {
  const text = `Running\nthe script started at ${T0 + started}.250000000\nend`;
  return { name, status, queuedAt: at(queued), trace: { text } } as FinishedJob;
}

describe('a pipeline', () => {
  it('gives variables to the jobs that they are for, and to no other', () => {
    const { jobs } = definePipeline({
      stages: [['build'], ['test']],
      scriptSeconds: 1,
      tag: 'ahead',
      jobVariables: { test: { FARGATE_EPHEMERAL_STORAGE: '21' } },
    });
    expect(jobs.map(({ name, variables }) => [name, variables])).toEqual([
      ['build', {}],
      ['test', { FARGATE_EPHEMERAL_STORAGE: '21' }],
    ]);
  });
});

describe('the waiting time of a pipeline', () => {
  const stages = [['a'], ['b', 'c']];

  it('is that of the slowest job of each stage', () => {
    const jobs = [job('a', 0, 10), job('b', 40, 45), job('c', 40, 47)];
    expect(waitOf(jobs, { stages })).toEqual({ seconds: 17.5, byStage: [10.25, 7.25] });
  });

  it('cannot be measured if a job failed, is missing, or did not print when it started', () => {
    const [a, b] = [job('a', 0, 10), job('b', 40, 45)];
    expect(() => waitOf([a, b, job('c', 40, 47, 'failed')], { stages })).toThrow('job c is failed');
    expect(() => waitOf([a, b], { stages })).toThrow('job c is missing');
    const silent = { ...job('c', 40, 47), trace: { text: 'nothing' } } as FinishedJob;
    expect(() => waitOf([a, b, silent], { stages })).toThrow('no first line');
  });
});

describe('the cost of tasks', () => {
  const span = { from: at(100), until: at(400) };
  const task = (role: string, times: Partial<ObservedTask>) =>
    ({ role, cpu: 1024, memory: 2048, ...times }) as ObservedTask;
  const costOf = (seconds: number) => {
    const prices = FARGATE_PRICES['us-east-1'];
    if (!prices) throw new Error('no prices');
    return estimateCostUsd({
      cpu: 1024,
      memory: 2048,
      seconds,
      prices,
      hasPublicIp: false,
      architecture: HOST_ARCHITECTURE,
      capacityProvider: 'FARGATE',
    });
  };

  it('counts a job task from its pull to its end, also after the span', () => {
    const claimed = task('job', { createdAt: at(90), pullStartedAt: at(110), stoppedAt: at(500) });
    expect(costOfTasks([claimed], span)).toBeCloseTo(costOf(390), 9);
  });

  it('counts a manager only within the span', () => {
    const managers = [
      task('manager', { pullStartedAt: at(0) }),
      task('manager', { pullStartedAt: at(300), stoppedAt: at(1000) }),
      task('manager', { pullStartedAt: at(0), stoppedAt: at(50) }),
    ];
    expect(costOfTasks(managers, span)).toBeCloseTo(costOf(300) + costOf(100), 9);
  });

  it('counts nothing for a task that never pulled', () => {
    expect(costOfTasks([task('job', { stoppedAt: at(200) })], span)).toBe(0);
  });

  it('counts the tasks that were started ahead, and those that were claimed', () => {
    const tasks = [
      task('job', { jobId: undefined, claimedBy: 7 }),
      task('job', { jobId: undefined, claimedBy: undefined }),
      task('job', { jobId: 8, claimedBy: undefined }),
      task('manager', { jobId: undefined, claimedBy: undefined }),
    ];
    expect(countAhead(tasks)).toEqual({ started: 2, claimed: 1 });
  });

  it('knows the mean start of job tasks', () => {
    const tasks = [
      task('job', { createdAt: at(0), startedAt: at(20) }),
      task('job', { createdAt: at(0), startedAt: at(30) }),
      task('job', { createdAt: at(0) }),
      task('manager', { createdAt: at(0), startedAt: at(90) }),
    ];
    expect(meanStart(tasks)).toBe(25);
  });
});
