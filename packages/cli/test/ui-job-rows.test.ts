import { describe, expect, it } from 'vitest';
import type { JobRun } from '../src/jobs/job-run.ts';
import { type JobSources, jobRows } from '../src/ui/job-rows.ts';
import type { SeenJobTask } from '../src/ui/task-memory.ts';
import { ago, now } from './support/job.ts';

const arn = (task: string) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${task}`;

const run = (over: Partial<JobRun> = {}): JobRun => ({
  ...{ jobId: 7, jobName: 'unit', fleet: 'default', projectId: 3, projectPath: 'team/app', ref: 'main' },
  ...{ taskArn: arn('t7'), queuedAt: ago(100), startedAt: ago(80), end: undefined },
  ...over,
});

const task = (over: Partial<SeenJobTask> = {}): SeenJobTask => ({
  ...{ taskArn: arn('t7'), taskId: 't7', fleet: 'default', jobId: 7, managerTaskId: 'm', state: 'running' },
  ...{
    requestedAt: ago(98),
    pullStartedAt: ago(95),
    pullStoppedAt: ago(85),
    runsAt: ago(84),
    endedAt: undefined,
  },
  ...over,
});

const arrival = (over: object = {}) => ({ at: ago(100), jobId: 7, projectId: 3, fleet: 'default', ...over });

function rowsOf({ tasks = [], ...over }: Partial<Omit<JobSources, 'tasks'>> & { tasks?: SeenJobTask[] }) {
  return jobRows({
    ...{ now, runs: [], arrivals: [], ended: new Set(), messages: 1 },
    gitlabUrls: new Map([['default', 'https://gitlab.example.com/']]),
    tasks: new Map(tasks.map((one) => [one.taskArn, one])),
    ...over,
  });
}

const END = { at: ago(10), outcome: 'completed', seconds: 88, costUsd: 0.002 } as const;

describe('the row of a job', () => {
  it('joins the log with what ECS says', () => {
    expect(rowsOf({ runs: [run()], arrivals: [arrival()], tasks: [task()] })).toEqual([
      {
        ...{ id: 'default/7', jobId: 7, name: 'unit', project: 'team/app', ref: 'main', fleet: 'default' },
        ...{ taskId: 't7', managerTaskId: 'm', state: 'running', outcome: undefined, costUsd: undefined },
        pageUrl: 'https://gitlab.example.com/team/app/-/jobs/7',
        ...{ queuedAt: ago(100), requestedAt: ago(98), pullStartedAt: ago(95), pullStoppedAt: ago(85) },
        ...{ startedAt: ago(80), endedAt: undefined },
      },
    ]);
  });

  it('of an ended job that ECS has forgotten knows when its task was requested', () => {
    expect(rowsOf({ runs: [run({ end: END })] })).toMatchObject([
      { state: 'ended', outcome: 'completed', costUsd: 0.002, requestedAt: ago(98), endedAt: ago(10) },
    ]);
  });

  it.each<[string, Parameters<typeof rowsOf>[0], object[]]>([
    [
      'waits for a task',
      { arrivals: [arrival()] },
      [{ state: 'queued', project: 'project 3', queuedAt: ago(100) }],
    ],
    [
      'of a known project waits',
      { arrivals: [arrival({ jobId: 8 })], runs: [run({ end: END })] },
      [{ state: 'queued', project: 'team/app' }, {}],
    ],
    ['was given up by the launcher', { arrivals: [arrival()], messages: 0 }, [{ state: 'unclear' }]],
    ['is too new for a message', { arrivals: [arrival({ at: ago(5) })], messages: 0 }, [{ state: 'queued' }]],
    ['was cancelled before it had a task', { arrivals: [arrival()], ended: new Set(['3/7']) }, []],
    [
      'has a task that no manager has reported',
      { arrivals: [arrival()], tasks: [task({ state: 'starting', runsAt: undefined })] },
      [
        {
          state: 'starting',
          jobId: 7,
          name: undefined,
          project: 'project 3',
          queuedAt: ago(100),
          startedAt: undefined,
        },
      ],
    ],
    [
      'of another GitLab with the same number has no webhook here',
      { arrivals: [arrival({ fleet: 'other', projectId: 5 })], tasks: [task()] },
      [
        { fleet: 'default', queuedAt: undefined, project: undefined },
        { fleet: 'other', state: 'queued' },
      ],
    ],
    [
      'has not claimed its task',
      { tasks: [task({ jobId: undefined })] },
      [{ state: 'ahead', jobId: undefined, startedAt: undefined }],
    ],
    [
      'is being stopped',
      { tasks: [task({ state: 'stopping', endedAt: ago(1) })] },
      [{ state: 'ended', endedAt: ago(1) }],
    ],
    ['is not in ECS although it never ended', { runs: [run()] }, [{ state: 'unclear', endedAt: undefined }]],
    ['is not in ECS yet', { runs: [run({ startedAt: ago(2) })] }, [{ state: 'running' }]],
  ])('that %s', (_title, sources, rows) => {
    expect(rowsOf(sources)).toMatchObject(rows);
    expect(rowsOf(sources)).toHaveLength(rows.length);
  });

  it('keeps its id from the webhook to the end, and a task that replaces another takes it over', () => {
    const ids = (sources: Parameters<typeof rowsOf>[0]) => rowsOf(sources).map(({ id }) => id);
    const second = task({ taskArn: arn('t8'), taskId: 't8', requestedAt: ago(50) });
    expect(ids({ arrivals: [arrival()] })).toEqual(['default/7']);
    expect(ids({ arrivals: [arrival()], tasks: [task()] })).toEqual(['default/7']);
    expect(ids({ arrivals: [arrival()], runs: [run({ end: END })] })).toEqual(['default/7']);
    expect(ids({ runs: [run({ end: END })], tasks: [second] })).toEqual(['default/7', 'task t7']);
    expect(ids({ tasks: [task({ jobId: undefined })] })).toEqual(['task t7']);
  });

  it('is not one for a webhook that another task answers', () => {
    expect(rowsOf({ runs: [run()], arrivals: [arrival()], tasks: [task()] })).toHaveLength(1);
  });

  it.each([
    ['no web address', new Map([['default', 'javascript:alert(1)//']]), 'team/app', undefined],
    ['no path', new Map([['default', 'https://g']]), undefined, undefined],
    ['an odd path', new Map([['default', 'https://g']]), 'a b/"c', 'https://g/a%20b/%22c/-/jobs/7'],
  ])('with %s links nowhere else', (_title, gitlabUrls, projectPath, pageUrl) => {
    expect(rowsOf({ runs: [run({ projectPath })], gitlabUrls })[0]?.pageUrl).toBe(pageUrl);
  });
});

it('jobs that are in flight come first, and the newest first among them', () => {
  const runs = [
    run({ jobId: 1, taskArn: arn('1'), queuedAt: ago(500), end: END }),
    run({ jobId: 2, taskArn: arn('2'), queuedAt: ago(5000), startedAt: ago(4000) }),
    run({ jobId: 3, taskArn: arn('3'), queuedAt: ago(50), end: END }),
  ];
  const tasks = [task({ jobId: 2, taskArn: arn('2') })];
  const rows = rowsOf({ runs, tasks, arrivals: [arrival({ jobId: 4, at: ago(9) })] });
  expect(rows.map(({ jobId }) => jobId)).toEqual([4, 2, 3, 1]);
});
