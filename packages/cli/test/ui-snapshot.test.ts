import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, type Task } from '@aws-sdk/client-ecs';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createClients } from '../src/clients.ts';
import { areLogsDue, createSnapshotReader } from '../src/ui/read-snapshot.ts';
import { ago, now } from './support/job.ts';

const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);
const sqs = mockClient(SQSClient);
const ssm = mockClient(SSMClient);

const INSTALLATION = {
  ...{
    region: 'eu-west-1',
    cluster: 'cluster',
    parameterPrefix: '/p',
    eventBusName: 'bus',
    queueUrl: 'queue',
  },
  ...{ webhookUrl: 'https://x', deadLetterUrls: { launcher: 'l', reaper: 'r' }, reaperFunction: 'reaper' },
  logGroups: {
    ...{ receiver: 'receiver-log', launcher: 'launcher-log', reaper: 'reaper-log', managers: 'manager-log' },
    jobs: [],
  },
};
const MANAGER = '0123456789abcdef0123456789abcdef';
const JOB_TASK = 'fedcba98765432100123456789abcdef';
const arn = (id: string) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${id}`;

const managerTask = (over: Task = {}): Task => ({
  taskArn: arn(MANAGER),
  taskDefinitionArn: definitionArn(managerFamily('default')),
  ...{
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    createdAt: new Date(ago(120)),
    startedAt: new Date(ago(100)),
  },
  tags: toTags({ role: 'manager', fleet: 'default', slot: '1' }),
  ...over,
});
const jobTask: Task = {
  taskArn: arn(JOB_TASK),
  taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
  ...{ lastStatus: 'RUNNING', desiredStatus: 'RUNNING', startedBy: MANAGER },
  ...{ createdAt: new Date(ago(60)), startedAt: new Date(ago(30)) },
  tags: toTags({ role: 'job', jobId: '7' }),
};

function ecsHas(...tasks: Task[]): void {
  ecs.on(ListTasksCommand, { desiredStatus: 'RUNNING' }).resolves({
    taskArns: tasks.map(({ taskArn = '' }) => taskArn),
  });
  ecs.on(DescribeTasksCommand).resolves({ tasks });
}

function event(name: string, at: number, detail: object) {
  const common = {
    ...{ version: 1, fleet: 'default', occurredAt: new Date(at).toISOString(), taskArn: arn(JOB_TASK) },
    ...{ managerTaskArn: arn(MANAGER), image: 'alpine:3', cpu: 1024, memory: 2048, architecture: 'X86_64' },
    ...{ capacityProvider: 'FARGATE', instance: 'https://gitlab.example.com', projectId: 3 },
    ...{ projectPath: 'team/app', ref: 'main', jobId: 7, jobName: 'unit' },
  };
  const message = JSON.stringify({ message: 'event', event: name, detail: { ...common, ...detail } });
  return { timestamp: at, message };
}

let time: number;
const reader = () => createSnapshotReader(createClients(), INSTALLATION, { hours: 24, now: () => time });
const logReads = () => logs.commandCalls(FilterLogEventsCommand).map(({ args }) => args[0].input);

beforeEach(() => {
  process.env.AWS_REGION = 'eu-west-1';
  time = now;
  for (const mock of [ecs, logs, sqs, ssm]) mock.reset();
  ecs.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [] });
  ecsHas(managerTask(), jobTask);
  logs.on(FilterLogEventsCommand).resolves({ events: [] });
  logs
    .on(FilterLogEventsCommand, { logGroupName: 'manager-log', filterPattern: '"JobTaskStarted"' })
    .resolves({ events: [event('JobTaskStarted', ago(28), { secondsToStart: 30 })] });
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  ssm.on(GetParametersByPathCommand).resolves({
    Parameters: [
      {
        Name: '/p/fleets/default/config',
        Value: JSON.stringify({
          ...{ version: 1, name: 'default', manager: { max: 2, concurrentJobs: 4 } },
          network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
        }),
      },
      { Name: '/p/fleets/default/runner-token', Value: 'encrypted' },
    ],
  });
});

describe('what the page shows', () => {
  it('is read from the same places as the commands read', async () => {
    expect(await reader()()).toMatchObject({
      ...{ at: now, region: 'eu-west-1', hours: 24, isCut: false, omittedJobs: 0 },
      fleets: [{ name: 'default', maxManagers: 2, concurrentJobs: 4, managers: 1, jobs: 1 }],
      managers: [{ taskId: MANAGER, slot: 1, state: 'running', requestedAt: ago(120), jobs: 1 }],
      jobs: [{ jobId: 7, name: 'unit', state: 'running', requestedAt: ago(60), startedAt: ago(28) }],
      warnings: [expect.stringContaining('no webhook secret')],
    });
  });

  it('keeps what ECS forgets, and counts each line once', async () => {
    const read = reader();
    await read();
    time += 5000;
    const finished = { outcome: 'completed', seconds: 60, estimatedCostUsd: 0.5 };
    const unclaimed = { taskArn: arn('ahead'), seconds: 60, estimatedCostUsd: 0.25 };
    const inLog = (filterPattern: string) =>
      logs.on(FilterLogEventsCommand, { logGroupName: 'manager-log', filterPattern });
    inLog('"JobTaskFinished"').resolves({ events: [event('JobTaskFinished', now, finished)] });
    inLog('"AheadTaskStopped"').resolves({ events: [event('AheadTaskStopped', now, unclaimed)] });
    const stopped = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppedAt: new Date(now) };
    ecsHas(managerTask({ ...stopped, tags: [] }), { ...jobTask, ...stopped });
    await read();
    ecsHas();
    time += 5000;
    expect(await read()).toMatchObject({
      managers: [{ state: 'stopped', endedAt: now }],
      jobs: [{ state: 'ended', outcome: 'completed', costUsd: 0.5, requestedAt: ago(60) }],
      costs: { total: { tasks: 2, costUsd: 0.75 } },
    });
  });

  it('forgets what is older than the time shown', async () => {
    const read = reader();
    await read();
    ecsHas();
    time += 25 * 3_600_000;
    expect(await read()).toMatchObject({ managers: [], jobs: [] });
  });

  it('remembers when a manager was drained, of which ECS forgets the tag at its stop', async () => {
    const read = reader();
    const drain = new Date(ago(20)).toISOString();
    ecsHas(managerTask({ tags: toTags({ role: 'manager', fleet: 'default', slot: '1', drain }) }));
    expect(await read()).toMatchObject({ managers: [{ state: 'draining' }] });
    ecsHas(
      managerTask({ lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppedAt: new Date(now), tags: [] }),
    );
    expect(await read()).toMatchObject({ managers: [{ state: 'stopped', drainAt: ago(20) }] });
  });
});

describe('AWS is read seldom', () => {
  it('of the logs, only what is new', async () => {
    const read = reader();
    await read();
    expect(new Set(logReads().map(({ startTime }) => startTime))).toEqual(new Set([now - 24 * 3_600_000]));
    logs.resetHistory();
    time += 5000;
    await read();
    expect(logReads()).toHaveLength(5);
    // CloudWatch may show a line late.
    expect(new Set(logReads().map(({ startTime }) => startTime))).toEqual(new Set([now - 120_000]));
  });

  it('the logs every half minute while nothing happens, and the fleets every minute', async () => {
    const read = reader();
    for (let polls = 0; polls < 24; polls += 1) {
      await read();
      time += 5000;
    }
    // For a minute after the start, each time; in the second minute, once (the next is due after it).
    expect(logReads().length / 5).toBe(13 + 1);
    expect(ssm.commandCalls(GetParametersByPathCommand)).toHaveLength(2);
  });

  it.each<[string, number | undefined, number, boolean]>([
    ['never read', undefined, 900, true],
    ['a task changed half a minute ago', 5, 30, true],
    ['nothing changed for two minutes', 5, 120, false],
    ['nothing changed, and half a minute has passed', 30, 120, true],
  ])('the logs are due: %s', (_title, readAgo, changedAgo, due) => {
    const logsReadAt = readAgo === undefined ? undefined : ago(readAgo);
    expect(areLogsDue({ logsReadAt, changedAt: ago(changedAgo) }, now)).toBe(due);
  });
});
