import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LoggedJob } from '../src/forecast/logged-job.ts';
import type { LogLine } from '../src/read-log-lines.ts';
import { now } from './support/job.ts';
import { endedLine, eventLine, queuedLine } from './support/job-lines.ts';
import { fleetDocument, loggedPipelines } from './support/logged-jobs.ts';
import { runLine } from './support/run-line.ts';

const cloudFormation = mockClient(CloudFormationClient);
const logs = mockClient(CloudWatchLogsClient);
const ssm = mockClient(SSMClient);

const OUTPUTS: Readonly<Record<string, string>> = {
  ...{ ClusterArn: 'cluster', ParameterPrefix: '/p', EventBusName: 'bus', ManagerLogGroup: 'manager-log' },
  ...{ WebhookReceiverLogGroup: 'receiver-log', WebhookUrl: 'https://abc123.lambda-url.aws/' },
  ...{ RunnerLauncherLogGroup: 'launcher-log', QueueUrl: 'https://queue' },
  ...{ LauncherDeadLettersUrl: 'https://letters', ReaperDeadLettersUrl: 'https://letters' },
  ...{ IdleReaperFunction: 'reaper', IdleReaperLogGroup: 'reaper-log' },
};

/** A manager stays for an hour, so that it learns. */
const FLEETS = [
  fleetDocument({ manager: { idleSeconds: 3600 } }),
  fleetDocument({ name: 'deploy', ahead: { start: 'next' } }),
];

const secondsAgo = (at: number) => (now - at) / 1000;

/** What managers and receiver logged about jobs. */
function linesOf(jobs: readonly LoggedJob[]): Record<string, LogLine[]> {
  return {
    JobTaskStarted: jobs.map((job) =>
      eventLine('JobTaskStarted', secondsAgo(job.startedAt), { ...detailOf(job), secondsToStart: 40 }),
    ),
    JobTaskFinished: jobs.map((job) =>
      eventLine('JobTaskFinished', secondsAgo(job.endedAt), {
        ...detailOf(job),
        ...{ outcome: 'completed', seconds: 160, estimatedCostUsd: job.costUsd },
      }),
    ),
    queued: jobs.map(({ jobId, queuedAt }) => queuedLine(secondsAgo(queuedAt), { jobId })),
    finished: jobs.map(({ jobId, endedAt }) => endedLine(secondsAgo(endedAt), 'success', { jobId })),
  };
}

function detailOf({ jobId, jobName, fleet, pipelineId }: LoggedJob) {
  const taskArn = `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${jobId}`;
  return { jobId, jobName, fleet, pipelineId, taskArn };
}

function setLogs(jobs: readonly LoggedJob[]): void {
  logs.reset();
  logs.on(FilterLogEventsCommand).resolves({ events: [] });
  for (const [text, lines] of Object.entries(linesOf(jobs)))
    logs.on(FilterLogEventsCommand, { filterPattern: `"${text}"` }).resolves({
      events: lines.map(({ at, fields }) => ({ timestamp: at, message: JSON.stringify(fields) })),
    });
}

beforeEach(() => {
  process.env.AWS_REGION = 'us-east-1';
  for (const mock of [cloudFormation, ssm]) mock.reset();
  cloudFormation.on(DescribeStacksCommand).resolves({
    Stacks: [
      {
        StackName: 'x',
        StackStatus: 'CREATE_COMPLETE',
        CreationTime: new Date(0),
        Outputs: Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      },
    ],
  });
  ssm.on(GetParametersByPathCommand).resolves({ Parameters: [] });
  ssm.on(GetParametersByPathCommand, { Path: '/p/fleets' }).resolves({
    Parameters: FLEETS.map((fleet) => ({
      Name: `/p/fleets/${fleet.name}/config`,
      Value: JSON.stringify(fleet),
    })),
  });
  setLogs(loggedPipelines(40));
});

const sgr = (...args: string[]) => runLine(args, 80);

describe('sgr cost --forecast', () => {
  it('forecasts each fleet with enough jobs from the logs, and changes nothing', async () => {
    const { code, text, errors } = await sgr('cost', '--forecast');
    expect(code, errors).toBe(0);
    expect(text).toContain('Fleet default: 30 days like these, from 160 jobs in 40 pipelines of 7 d');
    expect(text).toContain('To change it: sgr fleet set default ahead.start=next');
    expect(text).toMatch(/a job waits, median +\d+ s +50 s/);
    expect(text).toContain('Fleet deploy: 0 jobs in 0 pipelines within 7 d.');
    expect(text).not.toContain('sgr fleet set deploy');
    expect(ssm.commandCalls(GetParametersByPathCommand)).toHaveLength(ssm.calls().length);
  });

  it('reads as many days as it is told', async () => {
    const { text } = await sgr('cost', '--forecast', '--days', '2');
    expect(text).toContain('of 2 d');
    for (const call of logs.commandCalls(FilterLogEventsCommand))
      expect(call.args[0].input.startTime).toBe(now - 2 * 86_400_000);
  });

  it('prints JSON', async () => {
    const { text } = await sgr('cost', '--forecast', '--json');
    expect(JSON.parse(text)).toMatchObject({
      days: 7,
      needed: { jobs: 50, pipelines: 20 },
      fleets: [
        {
          fleet: 'default',
          kind: 'forecast',
          basis: { jobs: 160, pipelines: 40, days: 7 },
          today: { aheadStart: 'off' },
          alternative: { aheadStart: 'next' },
          comparison: { jobWaits: { measuredJobs: 160 } },
        },
        { fleet: 'deploy', kind: 'too-few' },
      ],
      assumptions: expect.arrayContaining([expect.stringContaining('no stages')]),
    });
  });

  it('is refused if no fleet has enough jobs, with the number that it needs', async () => {
    setLogs(loggedPipelines(5));
    const { code, text, errors } = await sgr('cost', '--forecast');
    expect([code, text]).toEqual([1, '']);
    expect(errors).toContain('Fleet default: 20 jobs in 5 pipelines within 7 d.');
    expect(errors).toContain('at least 50 jobs in 20 pipelines');
  });

  it('says that a GitLab Runner before 19.0 names no pipelines', async () => {
    const jobs = loggedPipelines(40);
    setLogs(jobs);
    const lines = linesOf(jobs).JobTaskFinished ?? [];
    const events = lines.map(({ at, fields }) => ({
      timestamp: at,
      message: JSON.stringify({ ...fields, detail: { ...(fields.detail as object), pipelineId: undefined } }),
    }));
    logs.on(FilterLogEventsCommand, { filterPattern: '"JobTaskFinished"' }).resolves({ events });
    const { code, errors } = await sgr('cost', '--forecast');
    expect(code).toBe(1);
    expect(errors).toContain('160 jobs without a pipeline id not replayed: that needs GitLab Runner 19.0');
  });

  it('says that the logs have more than is read, and forecasts from what was read', async () => {
    const events = linesOf(loggedPipelines(40)).queued?.map(({ at, fields }) => ({
      timestamp: at,
      message: JSON.stringify(fields),
    }));
    logs
      .on(FilterLogEventsCommand, { filterPattern: '"queued"' })
      .resolves({ events: events ?? [], nextToken: 'more' });
    const { code, errors } = await sgr('cost', '--forecast');
    expect(code).toBe(0);
    expect(errors).toContain('The logs have more than is read');
  });

  it.each([
    [['--csv'], "'--forecast' cannot be used with option '--csv'"],
    [['--by', 'job'], "cannot be used with option '--by <key>'"],
  ])('with %j is refused', async (options, problem) => {
    const { code, errors } = await sgr('cost', '--forecast', ...options);
    expect(code).toBe(2);
    expect(errors).toContain(problem);
  });
});
