import {
  CloudFormationClient,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  DescribeClustersCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  GetEventSourceMappingCommand,
  GetFunctionCommand,
  GetFunctionUrlConfigCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../src/index.ts';
import { ago, now } from './support/job.ts';

const aws = {
  cloudFormation: mockClient(CloudFormationClient),
  ec2: mockClient(EC2Client),
  ecs: mockClient(ECSClient),
  eventBridge: mockClient(EventBridgeClient),
  iam: mockClient(IAMClient),
  lambda: mockClient(LambdaClient),
  logs: mockClient(CloudWatchLogsClient),
  scheduler: mockClient(SchedulerClient),
  sqs: mockClient(SQSClient),
  ssm: mockClient(SSMClient),
};
const named = (name: string) => Object.assign(new Error('said so'), { name });

const STACKS = {
  shared: {
    outputs: {
      ClusterArn: 'cluster',
      ParameterPrefix: '/p',
      EventBusName: 'bus',
      ManagerLogGroup: 'manager-log',
    },
    resources: [['AWS::Lambda::Function', 'custom-resource']],
  },
  'webhook-receiver': {
    outputs: { WebhookReceiverLogGroup: 'receiver-log', WebhookUrl: 'https://abc123.lambda-url.aws/' },
    resources: [
      ['AWS::Lambda::Function', 'receiver'],
      ['AWS::Lambda::Url', 'receiver-arn'],
    ],
  },
  'runner-launcher': {
    outputs: {
      RunnerLauncherLogGroup: 'launcher-log',
      QueueUrl: 'queue',
      LauncherDeadLettersUrl: 'launcher-letters',
    },
    resources: [
      ['AWS::Lambda::Function', 'launcher'],
      ['AWS::Lambda::EventSourceMapping', 'mapping'],
      ['AWS::Events::Rule', 'bus|rule'],
      ['AWS::SQS::Queue', 'queue'],
    ],
  },
  'idle-reaper': {
    outputs: {
      ReaperDeadLettersUrl: 'reaper-letters',
      IdleReaperFunction: 'reaper',
      IdleReaperLogGroup: 'reaper-log',
    },
    resources: [
      ['AWS::Lambda::Function', 'reaper'],
      ['AWS::Scheduler::Schedule', 'schedule'],
      ['AWS::Events::Rule', 'stopped-rule'],
    ],
  },
} as const;
const answered = { message: 'webhook answered', statusCode: 202, fleet: 'default', decision: 'published' };

const noSuchStack = () => Object.assign(new Error('x does not exist'), { name: 'ValidationError' });

/** An installation in which nothing is wrong. */
beforeEach(() => {
  process.env.AWS_REGION = 'eu-west-1';
  for (const mock of Object.values(aws)) mock.reset();
  aws.cloudFormation.on(DescribeStacksCommand).rejects(noSuchStack());
  for (const [name, { outputs, resources }] of Object.entries(STACKS)) {
    const StackName = `serverless-gitlab-runner-${name}`;
    aws.cloudFormation.on(DescribeStacksCommand, { StackName }).resolves({
      Stacks: [
        {
          StackName,
          StackStatus: 'CREATE_COMPLETE',
          CreationTime: new Date(0),
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
    aws.cloudFormation.on(ListStackResourcesCommand, { StackName }).resolves({
      StackResourceSummaries: resources.map(([ResourceType, PhysicalResourceId]) => ({
        ...{ ResourceType, PhysicalResourceId, LogicalResourceId: 'x' },
        ...{ ResourceStatus: 'CREATE_COMPLETE', LastUpdatedTimestamp: new Date(0) },
      })),
    });
  }
  aws.lambda.on(GetFunctionCommand).resolves({});
  aws.lambda.on(GetFunctionUrlConfigCommand).resolves({});
  aws.lambda.on(GetEventSourceMappingCommand, { UUID: 'mapping' }).resolves({ State: 'Enabled' });
  aws.eventBridge
    .on(DescribeRuleCommand, { Name: 'rule', EventBusName: 'bus' })
    .resolves({ State: 'ENABLED' });
  aws.eventBridge
    .on(DescribeRuleCommand, { Name: 'stopped-rule', EventBusName: 'default' })
    .resolves({ State: 'ENABLED' });
  aws.eventBridge
    .on(DescribeRuleCommand, { Name: 'stopped-rule', EventBusName: 'bus' })
    .rejects(named('ResourceNotFoundException'));
  aws.scheduler.on(GetScheduleCommand, { Name: 'schedule' }).resolves({ State: 'ENABLED' });
  aws.ssm.on(GetParametersByPathCommand).resolves({
    Parameters: [
      { Name: '/p/fleets/default/config', Value: fleetDocument() },
      { Name: '/p/fleets/default/runner-token', Value: 'encrypted', LastModifiedDate: new Date(ago(500)) },
      { Name: '/p/fleets/default/webhook-secret', Value: 'encrypted' },
    ],
  });
  aws.ecs.on(ListTasksCommand).resolves({ taskArns: [] });
  aws.ecs.on(DescribeTaskDefinitionCommand, { taskDefinition: managerFamily('default') }).resolves({
    taskDefinition: { taskDefinitionArn: 'newest' },
  });
  aws.ecs.on(DescribeClustersCommand, { clusters: ['cluster'] }).resolves({
    clusters: [{ capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }],
  });
  aws.iam.on(GetRoleCommand, { RoleName: 'AWSServiceRoleForECS' }).resolves({});
  aws.logs.on(FilterLogEventsCommand).resolves({ events: [] });
  aws.logs.on(FilterLogEventsCommand, { logGroupName: 'receiver-log' }).resolves({
    events: [{ timestamp: ago(9), message: JSON.stringify(answered) }],
  });
  aws.sqs.on(GetQueueAttributesCommand).resolves({ Attributes: {} });
  aws.ec2.on(DescribeSubnetsCommand).resolves({
    Subnets: [
      { SubnetId: 'subnet-1', VpcId: 'vpc-1' },
      { SubnetId: 'subnet-2', VpcId: 'vpc-1' },
    ],
  });
  aws.ec2
    .on(DescribeSecurityGroupsCommand)
    .resolves({ SecurityGroups: [{ GroupId: 'sg-m' }, { GroupId: 'sg-j' }] });
  aws.ec2.on(DescribeRouteTablesCommand).resolves({
    RouteTables: [
      {
        VpcId: 'vpc-1',
        Associations: [{ Main: true }],
        Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1', State: 'active' }],
      },
      {
        VpcId: 'vpc-1',
        Associations: [{ SubnetId: 'subnet-2' }],
        Routes: [
          { DestinationCidrBlock: '10.0.0.0/8', GatewayId: 'local' },
          { DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'vgw-1' },
        ],
      },
    ],
  });
});

function fleetDocument(subnets = ['subnet-1', 'subnet-2']): string {
  return JSON.stringify({
    version: 1,
    name: 'default',
    network: { subnets, managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] },
  });
}

async function doctor(...args: string[]) {
  const printed: string[] = [];
  const code = await run(['doctor', ...args], {
    print: (text) => printed.push(text),
    printError: (text) => printed.push(text),
    columns: 80,
    ask: undefined,
    now: () => now,
  });
  return { code, text: printed.join('\n') };
}

async function checksFound(): Promise<string[]> {
  const { text } = await doctor('--json');
  return JSON.parse(text).map(({ check }: { check: string }) => check);
}

describe('sgr doctor', () => {
  it('finds nothing wrong in a whole installation', async () => {
    expect(await doctor()).toEqual({
      code: 0,
      text: "Nothing is wrong between GitLab's webhooks and the jobs' tasks.\nIf a job waits: sgr why JOB",
    });
  });

  it('reads the functions of services only, and both kinds of rules', async () => {
    await doctor();
    const functions = aws.lambda
      .commandCalls(GetFunctionCommand)
      .map((call) => call.args[0].input.FunctionName);
    expect(functions.sort()).toEqual(['launcher', 'reaper', 'receiver']);
    const rules = aws.eventBridge.commandCalls(DescribeRuleCommand).map((call) => call.args[0].input);
    expect(rules).toContainEqual({ Name: 'rule', EventBusName: 'bus' });
    expect(rules).not.toContainEqual({ Name: 'rule', EventBusName: 'default' });
  });

  it.each<[string, () => unknown, string]>([
    [
      'a stack is missing',
      () =>
        aws.cloudFormation
          .on(DescribeStacksCommand, { StackName: 'serverless-gitlab-runner-idle-reaper' })
          .rejects(noSuchStack()),
      'stack-missing',
    ],
    [
      'a rule is disabled',
      () =>
        aws.eventBridge
          .on(DescribeRuleCommand, { Name: 'rule', EventBusName: 'bus' })
          .resolves({ State: 'DISABLED' }),
      'part-disabled',
    ],
    [
      'a rule is missing',
      () =>
        aws.eventBridge
          .on(DescribeRuleCommand, { Name: 'rule', EventBusName: 'bus' })
          .rejects(named('ResourceNotFoundException')),
      'part-missing',
    ],
    [
      'the schedule is disabled',
      () => aws.scheduler.on(GetScheduleCommand).resolves({ State: 'DISABLED' }),
      'part-disabled',
    ],
    [
      'the queue is not read',
      () => aws.lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Disabled' }),
      'part-disabled',
    ],
    [
      'the queue is about to be read no more',
      () => aws.lambda.on(GetEventSourceMappingCommand).resolves({ State: 'Disabling' }),
      'part-disabled',
    ],
    [
      'a function may not run',
      () =>
        aws.lambda
          .on(GetFunctionCommand, { FunctionName: 'launcher' })
          .resolves({ Concurrency: { ReservedConcurrentExecutions: 0 } }),
      'function-throttled',
    ],
    [
      'the URL was deleted',
      () => aws.lambda.on(GetFunctionUrlConfigCommand).rejects(named('ResourceNotFoundException')),
      'part-missing',
    ],
    [
      'a subnet is missing',
      () =>
        aws.ec2.on(DescribeSubnetsCommand).resolves({ Subnets: [{ SubnetId: 'subnet-1', VpcId: 'vpc-1' }] }),
      'subnet-missing',
    ],
    [
      'a security group is missing',
      () => aws.ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-m' }] }),
      'security-group-missing',
    ],
    [
      'the role is missing',
      () => aws.iam.on(GetRoleCommand).rejects(named('NoSuchEntityException')),
      'service-linked-role-missing',
    ],
    [
      'the definition is missing',
      () => aws.ecs.on(DescribeTaskDefinitionCommand).rejects(named('ClientException')),
      'manager-definition-missing',
    ],
    [
      'nothing is known of the cluster',
      () => aws.ecs.on(DescribeClustersCommand).resolves({ clusters: [] }),
      'capacity-provider-missing',
    ],
    [
      'dead letters wait',
      () =>
        aws.sqs
          .on(GetQueueAttributesCommand, { QueueUrl: 'launcher-letters' })
          .resolves({ Attributes: { ApproximateNumberOfMessages: '2' } }),
      'launcher-dead-letters',
    ],
    [
      'an event of the reaper failed',
      () =>
        aws.sqs
          .on(GetQueueAttributesCommand, { QueueUrl: 'reaper-letters' })
          .resolves({ Attributes: { ApproximateNumberOfMessages: '2' } }),
      'reaper-dead-letters',
    ],
    [
      'credentials may not read IAM',
      () => aws.iam.on(GetRoleCommand).rejects(named('AccessDenied')),
      'not-checked',
    ],
    [
      'no webhook arrived',
      () => aws.logs.on(FilterLogEventsCommand, { logGroupName: 'receiver-log' }).resolves({ events: [] }),
      'no-webhook',
    ],
  ])('finds that %s', async (_title, breakIt, expected) => {
    breakIt();
    expect(await checksFound()).toEqual([expected]);
  });

  it('finds refused webhooks, and launches that failed', async () => {
    const line = (fields: object) => ({ timestamp: ago(9), message: JSON.stringify(fields) });
    aws.logs.on(FilterLogEventsCommand, { logGroupName: 'receiver-log' }).resolves({
      events: [
        line(answered),
        line({ ...answered, statusCode: 401, decision: 'not authentic' }),
        line({ message: 'another' }),
      ],
    });
    aws.logs.on(FilterLogEventsCommand, { logGroupName: 'launcher-log' }).resolves({
      events: [
        line({
          message: 'launch failed',
          fleet: 'default',
          failure: { reason: 'access-denied', message: 'denied' },
        }),
        line({ message: 'fleets not listed', fleet: 'default', failure: 'x' }),
      ],
    });
    expect(await checksFound()).toEqual(['webhook-refused', 'launch-failed']);
  });

  it('finds a refused runner token, and tasks that could not start', async () => {
    const arn = (id: number) =>
      `arn:aws:ecs:eu-west-1:111122223333:task/cluster/${String(id).padStart(32, '0')}`;
    const stopped = {
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      createdAt: new Date(ago(60)),
      stoppedAt: new Date(ago(9)),
    };
    aws.ecs
      .on(ListTasksCommand, { desiredStatus: 'STOPPED' })
      .resolves({ taskArns: [arn(1), arn(2), arn(3)] });
    aws.ecs.on(DescribeTasksCommand).resolves({
      tasks: [
        {
          ...stopped,
          taskArn: arn(1),
          taskDefinitionArn: definitionArn(managerFamily('default')),
          startedAt: new Date(ago(20)),
          containers: [{ name: 'manager', exitCode: 78 }],
          tags: toTags({ role: 'manager', fleet: 'default', slot: '1' }),
        },
        {
          ...stopped,
          taskArn: arn(2),
          taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`),
          stopCode: 'TaskFailedToStart',
          stoppedReason: 'CannotPullContainerError: no such image',
          tags: toTags({ role: 'job', jobId: '7' }),
        },
        { taskArn: arn(3), taskDefinitionArn: definitionArn('web'), lastStatus: 'STOPPED' },
      ],
    });
    expect(await checksFound()).toEqual(['runner-token-refused', 'job-image']);
    const { code, text } = await doctor();
    expect(code).toBe(1);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('broken runner-token-refused\n  GitLab refuses the runner token of fleet default');
    expect(text).toContain('warning job-image\n  The task of job 7 in fleet default could not start');
    expect(text).toMatch(/1 problem, 1 warning\.$/);
  });

  it('tells which subnets have no way out', async () => {
    aws.ec2.on(DescribeRouteTablesCommand).resolves({
      RouteTables: [
        {
          VpcId: 'vpc-1',
          Associations: [{ Main: true }],
          Routes: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1', State: 'active' }],
        },
        {
          VpcId: 'vpc-1',
          Associations: [{ SubnetId: 'subnet-2' }],
          Routes: [{ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: 'nat-1', State: 'blackhole' }],
        },
      ],
    });
    expect(await checksFound()).toEqual(['subnet-without-address', 'subnet-without-route']);
  });

  it('says that a project cannot be read without a token, or with several GitLabs', async () => {
    const reasons = async () => JSON.parse((await doctor('--project', 'team/app', '--json')).text);
    expect(await reasons()).toMatchObject([
      { check: 'not-checked', problem: expect.stringContaining('GITLAB_TOKEN is not set') },
    ]);
    process.env.GITLAB_TOKEN = 'secret';
    aws.ssm.on(GetParametersByPathCommand).resolves({ Parameters: [] });
    expect(await reasons()).toContainEqual(
      expect.objectContaining({ check: 'not-checked', problem: expect.stringContaining('name 0 GitLabs') }),
    );
    delete process.env.GITLAB_TOKEN;
  });

  it('asks nothing about an empty list of subnets', async () => {
    aws.ssm.on(GetParametersByPathCommand).resolves({ Parameters: [] });
    expect(await checksFound()).toEqual(['no-fleet']);
    expect(aws.ec2.calls()).toEqual([]);
  });

  it('throws what nobody expected', async () => {
    aws.iam.on(GetRoleCommand).rejects(new RangeError('a bug'));
    await expect(doctor()).rejects.toThrow('a bug');
  });
});
