import { describe, expect, it } from 'vitest';
import { csvLine } from '../src/csv.ts';
import { renderCosts } from '../src/jobs/print-cost.ts';
import { renderJobs } from '../src/jobs/print-jobs.ts';
import { runsOf } from '../src/jobs/read-runs.ts';
import { sumCosts } from '../src/jobs/sum-costs.ts';
import { ago, now } from './support/job.ts';
import { eventLine, queuedLine } from './support/job-lines.ts';

const arn = (task: string) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${task}`;

const started = [eventLine('JobTaskStarted', 90, { secondsToStart: 20 })];
const finished = [
  eventLine('JobTaskFinished', 30, { outcome: 'completed', seconds: 80, estimatedCostUsd: 0.0011 }),
  eventLine('JobTaskFinished', 20, {
    ...{ taskArn: arn('2'), jobId: 8, ref: 'feature', jobName: '=cmd()' },
    ...{ outcome: 'start-failed', seconds: 5, estimatedCostUsd: 0.0008 },
  }),
];
const stopped = [eventLine('AheadTaskStopped', 10, { seconds: 70, estimatedCostUsd: 0.0003 })];
const queued = [100, 95].map((seconds) => queuedLine(seconds));
const runs = runsOf({ started, finished, stopped, queued });

describe('what ran', () => {
  it('joins the events of a task, and the first webhook of its job', () => {
    expect(runs.jobs).toMatchObject([
      { jobId: 7, queuedAt: ago(100), startedAt: ago(90), end: { outcome: 'completed', costUsd: 0.0011 } },
      { jobId: 8, queuedAt: undefined, startedAt: undefined, end: { outcome: 'start-failed' } },
    ]);
  });

  it('ignores lines that are no such events', () => {
    const broken = [{ at: 0, fields: { message: 'event', event: 'JobTaskFinished', detail: { jobId: 7 } } }];
    expect(runsOf({ started: [], finished: broken, stopped: started, queued: [] })).toEqual({
      jobs: [],
      unclaimed: [],
    });
  });
});

describe('costs', () => {
  it.each([
    ['project', [['team/app', 0.0022]]],
    [
      'branch',
      [
        ['team/app main', 0.0011],
        ['team/app feature', 0.0008],
        ['team/app started ahead, not claimed', 0.0003],
      ],
    ],
    [
      'job',
      [
        ['team/app unit', 0.0014],
        ['team/app =cmd()', 0.0008],
      ],
    ],
    ['fleet', [['default', 0.0022]]],
  ] as const)('by %s add up to the sum of the events', (by, expected) => {
    const { rows, total } = sumCosts(runs, by);
    expect(rows.map(({ name, costUsd }) => [name, Number(costUsd.toFixed(10))])).toEqual(expected);
    expect(total.costUsd).toBeCloseTo(0.0022, 12);
    expect(total.tasks).toBe(3);
  });
});

describe.each([80, 140])('on a screen of %i columns', (columns) => {
  const long = runs.jobs.map((run) => ({
    ...run,
    projectPath: `${'group/'.repeat(20)}app`,
    jobName: 'job '.repeat(40),
  }));

  it('jobs fit, and have no colours', () => {
    const lines = renderJobs(long, { hours: 24, now, columns });
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join('')).not.toContain('\u001b');
    expect(lines.at(-1)).toBe('2 tasks of jobs, about $0.0019 for those that have ended.');
  });

  it('costs fit, and name the tags for AWS Cost Explorer', () => {
    const lines = renderCosts(
      sumCosts({ jobs: long, unclaimed: [] }, 'job'),
      { by: 'job', days: 7 },
      columns,
    );
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    expect(lines.join(' ')).toContain('serverless-gitlab-runner:fleet');
    const costs = { rows: [], total: { tasks: 7, hours: 1, costUsd: 0.7 } };
    expect(renderCosts(costs, { by: 'job', days: 7 }, columns)).toContain('30 days like these: about $3.00');
  });
});

it('a line of CSV quotes what needs it, and starts no formula', () => {
  expect(csvLine(['a,b', 'say "x"', '=cmd()', 7, undefined])).toBe(`"a,b","say ""x""",'=cmd(),7,`);
});
