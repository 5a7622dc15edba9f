import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { readJobLines } from '../src/logs/job-lines.ts';
import { renderLine } from '../src/logs/render-line.ts';

const TASK = '0123456789abcdef0123456789abcdef';
const logGroups = {
  receiver: 'receiver',
  launcher: 'launcher',
  reaper: 'reaper',
  managers: 'managers',
  jobs: ['jobs'],
};
const at = Date.UTC(2026, 0, 1, 10);
const logged = (seconds: number, fields: object) => ({
  timestamp: at + seconds * 1000,
  message: `${JSON.stringify(fields)}\n`,
});

describe('the lines about a job', () => {
  it('are of all parts and of its task, each once and in the order of time', async () => {
    const logs = mockClient(CloudWatchLogsClient);
    logs.on(FilterLogEventsCommand).resolves({ events: [] });
    const on = (logGroupName: string, filterPattern: string, events: ReturnType<typeof logged>[]) =>
      logs.on(FilterLogEventsCommand, { logGroupName, filterPattern }).resolves({ events });
    const started = {
      event: 'JobTaskStarted',
      detail: { jobId: 47, taskArn: `arn:aws:ecs:x:1:task/c/${TASK}` },
    };
    on('managers', '"47"', [logged(3, started), logged(9, { message: 'about 1477', jobId: 1477 })]);
    on('managers', `"${TASK}"`, [logged(3, started), logged(5, { message: 'reopened', taskArn: TASK })]);
    on('receiver', '"47"', [logged(1, { jobId: 47 })]);
    logs
      .on(FilterLogEventsCommand, { logGroupName: 'jobs', logStreamNames: [`job/helper/${TASK}`] })
      .resolves({ events: [{ timestamp: at + 4000, message: 'helper ready\n' }] });
    const { lines, isCut } = await readJobLines(
      new CloudWatchLogsClient({ region: 'x' }),
      { logGroups },
      {
        jobId: 47,
        since: 0,
      },
    );
    expect(lines.map(({ source, at: time }) => `${source} ${(time - at) / 1000}`)).toEqual([
      'receiver 1',
      'manager 3',
      'helper 4',
      'manager 5',
    ]);
    expect(isCut).toBe(false);
  });
});

it('a line is rendered within the columns, and cannot move the cursor', () => {
  const text = JSON.stringify({
    level: 'WARN',
    message: 'a job',
    jobName: '\u001b[2J name',
    service: 'x',
    n: [1],
  });
  const lines = renderLine({ at, source: 'manager', text }, 50);
  expect(lines).toEqual([
    '10:00:00.000  manager   WARN a job jobName=?[2J',
    '                        name n=[1]',
  ]);
});
