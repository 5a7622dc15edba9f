import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ago } from './support/job.ts';
import { runLine } from './support/run-line.ts';

const cloudFormation = mockClient(CloudFormationClient);
const ecs = mockClient(ECSClient);
const logs = mockClient(CloudWatchLogsClient);
const sqs = mockClient(SQSClient);
const ssm = mockClient(SSMClient);

const OUTPUTS: Readonly<Record<string, Record<string, string>>> = {
  shared: {
    ClusterArn: 'cluster',
    ParameterPrefix: '/p',
    EventBusName: 'bus',
    ManagerLogGroup: 'manager-log',
    JobLogGroupDefault: 'job-log',
  },
  'webhook-receiver': {
    WebhookReceiverLogGroup: 'receiver-log',
    WebhookUrl: 'https://abc123.lambda-url.aws/',
  },
  'runner-launcher': {
    RunnerLauncherLogGroup: 'launcher-log',
    QueueUrl: 'https://queue',
    LauncherDeadLettersUrl: 'https://launcher-letters',
  },
  'idle-reaper': {
    ReaperDeadLettersUrl: 'https://reaper-letters',
    IdleReaperFunction: 'reaper',
    IdleReaperLogGroup: 'reaper-log',
  },
};
const MANAGER = '0123456789abcdef0123456789abcdef';
const arn = (id: string) => `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${id}`;
const TASKS: Task[] = [
  {
    taskArn: arn(MANAGER),
    taskDefinitionArn: definitionArn(managerFamily('default')),
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    startedAt: new Date(ago(100)),
    tags: toTags({ role: 'manager', fleet: 'default', slot: '1' }),
  },
  {
    taskArn: arn('fedcba98765432100123456789abcdef'),
    taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
    lastStatus: 'PENDING',
    desiredStatus: 'RUNNING',
    createdAt: new Date(ago(30)),
    pullStartedAt: new Date(ago(12)),
    startedBy: MANAGER,
    tags: toTags({ role: 'job', jobId: '8' }),
  },
];

const noSuchStack = () =>
  Object.assign(new Error('Stack with id x does not exist'), { name: 'ValidationError' });

afterEach(() => {
  delete process.env.GITLAB_TOKEN;
});

beforeEach(() => {
  process.env.AWS_REGION = 'eu-west-1';
  for (const mock of [cloudFormation, ecs, logs, sqs, ssm]) mock.reset();
  cloudFormation.on(DescribeStacksCommand).rejects(noSuchStack());
  for (const [stack, outputs] of Object.entries(OUTPUTS))
    cloudFormation.on(DescribeStacksCommand, { StackName: `serverless-gitlab-runner-${stack}` }).resolves({
      Stacks: [
        {
          StackName: stack,
          StackStatus: 'CREATE_COMPLETE',
          CreationTime: new Date(0),
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
  ecs.on(ListTasksCommand, { desiredStatus: 'RUNNING' }).resolves({
    taskArns: TASKS.map(({ taskArn = '' }) => taskArn),
  });
  ecs.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [] });
  ecs.on(DescribeTasksCommand).resolves({ tasks: TASKS });
  ecs.on(DescribeTaskDefinitionCommand).resolves({
    taskDefinition: { taskDefinitionArn: definitionArn(managerFamily('default')) },
  });
  logs.on(FilterLogEventsCommand).resolves({ events: [] });
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  sqs.on(GetQueueAttributesCommand, { QueueUrl: 'https://queue' }).resolves({
    Attributes: { ApproximateNumberOfMessages: '1', ApproximateNumberOfMessagesNotVisible: '2' },
  });
  ssm.on(GetParametersByPathCommand).resolves({
    Parameters: [
      { Name: '/p/fleets/default/config', Value: fleetDocument() },
      { Name: '/p/fleets/default/runner-token', Value: 'encrypted' },
      { Name: '/p/fleets/default/signing-token', Value: 'encrypted' },
    ],
  });
});

function fleetDocument(): string {
  return JSON.stringify({
    version: 1,
    name: 'default',
    manager: { max: 2, concurrentJobs: 4 },
    network: { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
  });
}

const sgr = (...args: string[]) => runLine(args, 100);

const event = (seconds: number, fields: object) => ({
  timestamp: ago(seconds),
  message: `${JSON.stringify(fields)}\n`,
});

describe('sgr why', () => {
  it('explains a job by the logs of receiver and launcher', async () => {
    logs.on(FilterLogEventsCommand, { logGroupName: 'receiver-log', filterPattern: '"7"' }).resolves({
      events: [
        // Delivered at the end of the invocation, after what followed.
        event(5, {
          timestamp: new Date(ago(60)).toISOString(),
          ...{ message: 'webhook answered', event: 'queued', jobId: 7, fleet: 'default' },
        }),
        { timestamp: ago(60), message: 'END RequestId: 7\n' },
      ],
    });
    logs
      .on(FilterLogEventsCommand, { logGroupName: 'launcher-log', filterPattern: '"7"' })
      .resolvesOnce({ events: [], nextToken: 'more' })
      .resolves({
        events: [
          event(20, {
            message: 'jobs decided',
            jobs: [{ jobId: 7, fleet: 'default', outcome: 'retry: no-capacity' }],
          }),
        ],
      });
    logs.on(FilterLogEventsCommand, { logGroupName: 'launcher-log', filterPattern: '"failure"' }).resolves({
      events: [
        event(21, {
          message: 'launch failed',
          fleet: 'default',
          failure: { reason: 'no-capacity', message: 'No capacity' },
        }),
      ],
    });
    const { code, text } = await sgr('why', 'https://gitlab.example.com/team/app/-/jobs/7');
    expect(code).toBe(0);
    expect(text).toContain('Job 7 waits, known for 60 s');
    expect(text).toContain('could be started, and it is tried again: No capacity (for 20 s).');
    expect(text).toContain('60 s ago  webhook accepted for fleet default');
  });

  it('explains a job by its task, as JSON with times in ISO 8601', async () => {
    const { code, text } = await sgr('why', '8', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({
      jobId: 8,
      state: 'starting',
      since: new Date(ago(12)).toISOString(),
      steps: [
        { at: new Date(ago(30)).toISOString(), what: 'task fedcba98 requested' },
        { what: 'pull of the images started' },
      ],
    });
  });

  it('searches as far back as it is told, and counts refused webhooks', async () => {
    logs
      .on(FilterLogEventsCommand, { logGroupName: 'receiver-log', filterPattern: '"not authentic"' })
      .resolves({
        events: [event(9, { message: 'webhook answered', decision: 'not authentic' })],
      });
    const { text } = await sgr('why', '9', '--hours', '2');
    expect(text).toContain('No webhook of this job has arrived within 2 h');
    expect(text).toContain('1 webhook was refused because its secret was wrong');
    for (const call of logs.commandCalls(FilterLogEventsCommand))
      expect(call.args[0].input.startTime).toBe(ago(7200));
  });
});

describe('sgr why, with a token for GitLab', () => {
  it('does not send it to a GitLab that no fleet has', async () => {
    process.env.GITLAB_TOKEN = 'secret';
    const { code, text, errors } = await sgr('why', 'https://gitlab.example.com/team/app/-/jobs/9');
    expect(code).toBe(0);
    expect(errors).toBe("GitLab is not asked: the URL is of no fleet's GitLab");
    expect(text).not.toContain('GITLAB_TOKEN');
  });

  it('says that it needs the URL of a job without a webhook', async () => {
    process.env.GITLAB_TOKEN = 'secret';
    expect((await sgr('why', '9')).errors).toContain("Give the URL of the job's page");
  });

  it('says how to ask GitLab, if a job waits and there is no token', async () => {
    expect((await sgr('why', '9')).text).toContain('set GITLAB_TOKEN');
    expect((await sgr('why', '8')).text).not.toContain('GITLAB_TOKEN');
  });
});

describe('sgr status', () => {
  it('shows fleets, managers, jobs and the queue', async () => {
    const { code, text } = await sgr('status');
    expect(code).toBe(0);
    for (const expected of [
      'default  at most 2',
      '01234567  default  1     running  100 s  1',
      '8    fedcba98',
      'Queue: 3 jobs',
    ])
      expect(text).toContain(expected);
    expect(text).not.toContain('!');
  });

  it('names managers of an earlier definition', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand, { taskDefinition: managerFamily('default') })
      .resolves({ taskDefinition: { taskDefinitionArn: 'another' } });
    expect((await sgr('status')).text).toContain('running, outdated');
  });

  it('names none if a fleet has no active definition', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .rejects(Object.assign(new Error('Unable to describe task definition.'), { name: 'ClientException' }));
    expect((await sgr('status')).text).not.toContain('outdated');
  });

  it('prints JSON', async () => {
    const { text } = await sgr('status', '--json');
    expect(JSON.parse(text)).toMatchObject({
      region: 'eu-west-1',
      fleets: [{ name: 'default', runnerToken: true, webhookSecret: true, maxManagers: 2 }],
      managers: [{ taskId: MANAGER, jobs: 1, since: new Date(ago(100)).toISOString() }],
      queue: { messages: 3, launcherDeadLetters: 0 },
    });
  });
});

describe('a command line', () => {
  it.each([
    [['why'], 'missing required argument'],
    [['why', 'seven'], "Write the job's number"],
    [['why', '7', '--hours', '0'], 'positive number'],
    [['stauts'], 'Did you mean status?'],
    [['status', '--jsn'], 'Did you mean --json?'],
  ])('%j is refused with code 2', async (args, problem) => {
    const { code, errors } = await sgr(...args);
    expect(code).toBe(2);
    expect(errors).toContain(problem);
  });

  it.each([[['--help']], [['why', '--help']]])('%j teaches', async (args) => {
    const { code, text } = await sgr(...args);
    expect(code).toBe(0);
    expect(text).toContain('Usage: sgr');
  });

  it('says that nothing is installed here', async () => {
    cloudFormation
      .on(DescribeStacksCommand, { StackName: 'serverless-gitlab-runner-shared' })
      .rejects(noSuchStack());
    const { code, errors } = await sgr('status');
    expect(code).toBe(1);
    expect(errors).toBe(
      'serverless-gitlab-runner-shared is not deployed in eu-west-1. Choose account and region with AWS_PROFILE and AWS_REGION, or deploy with `npm run deploy`.',
    );
  });

  it('finds an installation in one stack, of the plain template', async () => {
    const Outputs = Object.values(OUTPUTS).flatMap((outputs) =>
      Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    );
    cloudFormation
      .reset()
      .on(DescribeStacksCommand)
      .rejects(noSuchStack())
      .on(DescribeStacksCommand, { StackName: 'serverless-gitlab-runner' })
      .resolves({
        Stacks: [{ StackName: 'x', StackStatus: 'CREATE_COMPLETE', CreationTime: new Date(0), Outputs }],
      });
    const { code, text, errors } = await sgr('status');
    expect(code, errors).toBe(0);
    expect(text).toContain('default');
  });

  it('says that the installation is of an older version', async () => {
    cloudFormation
      .on(DescribeStacksCommand, { StackName: 'serverless-gitlab-runner-webhook-receiver' })
      .resolves({
        Stacks: [
          {
            StackName: 'x',
            StackStatus: 'CREATE_COMPLETE',
            CreationTime: new Date(0),
            Outputs: [{ OutputKey: 'WebhookUrl', OutputValue: 'https://x' }],
          },
        ],
      });
    const { errors } = await sgr('status');
    expect(errors).toContain('lacks the output WebhookReceiverLogGroup: it is of an older version');
  });

  it('explains a denied call', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .rejects(Object.assign(new Error('not allowed'), { name: 'AccessDenied' }));
    const { code, errors } = await sgr('status');
    expect(code).toBe(1);
    expect(errors).toContain('lack a permission: not allowed');
  });

  it('throws what nobody expected', async () => {
    cloudFormation.on(DescribeStacksCommand).rejects(new RangeError('a bug'));
    await expect(sgr('status')).rejects.toThrow('a bug');
  });
});
