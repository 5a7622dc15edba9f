import { describe, expect, it } from 'vitest';
import { derivePipelines } from '../src/forecast/derive-pipelines.ts';
import type { LoggedJob } from '../src/forecast/logged-job.ts';
import { loggedJob } from './support/logged-jobs.ts';

/** Pipelines as lists of stages of names; a name with its attempts, if there are several. */
function shapeOf(jobs: readonly LoggedJob[]): string[][][] {
  const sorted = jobs.toSorted((one, other) => one.queuedAt - other.queuedAt);
  return derivePipelines(sorted).map(({ stages }) =>
    stages.map((stage) =>
      stage.map(([first, ...others]) =>
        others.length === 0 ? `${first?.jobName}` : `${first?.jobName} × ${others.length + 1}`,
      ),
    ),
  );
}

describe('pipelines from times', () => {
  it.each<[string, LoggedJob[], string[][][]]>([
    [
      'jobs queued together are one stage, those queued after their end the next',
      [
        loggedJob('unit', 0, 170),
        loggedJob('lint', 1, 120),
        loggedJob('package', 171, 300),
        loggedJob('deploy', 302, 400),
      ],
      [[['unit', 'lint'], ['package'], ['deploy']]],
    ],
    [
      'a webhook may be a little early',
      [loggedJob('unit', 0, 170), loggedJob('package', 163, 300)],
      [[['unit'], ['package']]],
    ],
    [
      'a job that ends at once does not divide its stage',
      [loggedJob('fast', 0, 4), loggedJob('slow', 1, 100)],
      [[['fast', 'slow']]],
    ],
    [
      'with `needs:`, stages are the levels of the longest chain',
      [
        loggedJob('fast', 0, 60),
        loggedJob('slow', 0, 300),
        loggedJob('after fast', 62, 200),
        loggedJob('after both', 301, 400),
      ],
      [[['fast', 'slow'], ['after fast'], ['after both']]],
    ],
    [
      'jobs of one name are attempts',
      [
        loggedJob('unit', 0, 100, { succeeded: false }),
        loggedJob('lint', 0, 100),
        loggedJob('unit', 101, 200),
        loggedJob('package', 201, 300),
      ],
      [[['unit × 2', 'lint'], ['package']]],
    ],
    [
      'what is queued long after everything before is a pipeline of its own',
      [loggedJob('unit', 0, 100), loggedJob('deploy by hand', 100 + 121, 400)],
      [[['unit']], [['deploy by hand']]],
    ],
    [
      'equal pipeline ids of two projects are two pipelines',
      [loggedJob('unit', 0, 100), loggedJob('unit', 5, 100, { projectId: 4 })],
      [[['unit']], [['unit']]],
    ],
    ['no job, no pipeline', [], []],
  ])('%s', (_, jobs, expected) => {
    expect(shapeOf(jobs)).toEqual(expected);
  });

  it('are in the order of their beginning', () => {
    const jobs = [loggedJob('a', 0, 50), loggedJob('b', 10, 50, { pipelineId: 2 }), loggedJob('c', 300, 350)];
    expect(derivePipelines(jobs).map(({ at }) => at - (jobs[0]?.queuedAt ?? 0))).toEqual([
      0, 10_000, 300_000,
    ]);
  });

  it('of 100,000 jobs are derived in a moment, even if they are one pipeline', () => {
    const jobs = Array.from({ length: 100_000 }, (_, index) => loggedJob(`${index}`, index, index + 100));
    const start = performance.now();
    expect(derivePipelines(jobs)).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
