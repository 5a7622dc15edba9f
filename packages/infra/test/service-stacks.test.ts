import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { stackOf, synthesise } from './support/synthesise.ts';

let templates: Record<string, Template>;
beforeAll(() => {
  templates = synthesise({ alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:on-call' });
});

function stack(name: string): Template {
  const template = templates[name];
  if (template === undefined) throw new Error(`no stack ${name}`);
  return template;
}

const SERVICES = ['webhook-receiver', 'runner-launcher', 'idle-reaper'];

describe.each(SERVICES)('the Lambda of %s', (service) => {
  it('is Node 24 on ARM with its own log group', () => {
    stack(service).hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      LoggingConfig: { LogGroup: Match.anyValue() },
      Environment: { Variables: Match.objectLike({ LOG_LEVEL: 'INFO', POWERTOOLS_SERVICE_NAME: service }) },
    });
    stack(service).allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 14 });
  });

  it('has an alarm on its errors with the given action', () => {
    stack(service).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      Namespace: 'AWS/Lambda',
      EvaluationPeriods: 5,
      DatapointsToAlarm: 3,
      AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call'],
    });
  });
});

describe('alarms on what is logged', () => {
  it.each([
    ['webhook-receiver', 'RejectedWebhooks', '{ $.statusCode = 401 }', 10],
    ['runner-launcher', 'RefusedTokens', '{ $.failure.reason = "runner-token-refused" }', 0],
  ] as const)('%s: %s', (service, MetricName, FilterPattern, Threshold) => {
    const Namespace = 'serverless-gitlab-runner';
    stack(service).hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern,
      // Without a default value, no metric is written while no line matches.
      MetricTransformations: [
        { MetricName, MetricNamespace: Namespace, MetricValue: '1', DefaultValue: Match.absent() },
      ],
    });
    stack(service).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName,
      Namespace,
      Threshold,
      AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call'],
    });
  });

  it.each(['webhook-receiver', 'runner-launcher', 'idle-reaper'] as const)(
    '%s: names the command to run',
    (service) => {
      const alarms = Object.values(stack(service).findResources('AWS::CloudWatch::Alarm'));
      expect(alarms.length).toBeGreaterThan(0);
      for (const { Properties } of alarms) expect(Properties.AlarmDescription).toMatch(/npx sgr doctor/);
    },
  );
});

describe('webhook-receiver', () => {
  it('has a public URL, with both permissions that AWS requires', () => {
    const receiver = stack('webhook-receiver');
    receiver.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'NONE' });
    const permissions = Object.values(receiver.findResources('AWS::Lambda::Permission')).map(
      ({ Properties: { FunctionName: _, ...rest } }) => rest,
    );
    expect(permissions).toHaveLength(2);
    expect(permissions).toEqual(
      expect.arrayContaining([
        { Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' },
        { Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: true },
      ]),
    );
    receiver.hasOutput('WebhookUrl', {});
  });

  it('gets the bus and the prefix', () => {
    stack('webhook-receiver').hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 15,
      Environment: {
        Variables: Match.objectLike({
          EVENT_BUS_NAME: { 'Fn::ImportValue': Match.anyValue() },
          PARAMETER_PREFIX: '/serverless-gitlab-runner',
        }),
      },
    });
  });

  it('reserves concurrency only if configured', () => {
    const reserved = stackOf('webhook-receiver', { webhookConcurrency: '20' });
    reserved.hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: 20 });
    stack('webhook-receiver').hasResourceProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
  });
});

describe('runner-launcher', () => {
  it('receives requests for managers, and only from this project', () => {
    stack('runner-launcher').hasResourceProperties('AWS::Events::Rule', {
      EventBusName: Match.anyValue(),
      EventPattern: {
        source: ['serverless-gitlab-runner'],
        'detail-type': ['JobQueued', 'ManagerRequested'],
      },
      Targets: [
        Match.objectLike({
          DeadLetterConfig: { Arn: Match.anyValue() },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        }),
      ],
    });
  });

  it('has encrypted queues; messages are retried for four days, dead letters kept for fourteen', () => {
    const launcher = stack('runner-launcher');
    launcher.resourceCountIs('AWS::SQS::Queue', 2);
    launcher.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    launcher.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 4 * 86_400,
      RedrivePolicy: { maxReceiveCount: 1000, deadLetterTargetArn: Match.anyValue() },
    });
    launcher.hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 14 * 86_400,
      RedrivePolicy: Match.absent(),
    });
  });

  it('has a visibility timeout of six times its own timeout', () => {
    const launcher = stack('runner-launcher');
    launcher.hasResourceProperties('AWS::Lambda::Function', { Timeout: 60 });
    launcher.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 360 });
  });

  it('processes batches and reports failed messages', () => {
    stack('runner-launcher').hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it('gets the cluster and its queues', () => {
    stack('runner-launcher').hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          CLUSTER: { 'Fn::ImportValue': Match.stringLikeRegexp('Cluster.*Arn') },
          QUEUE_URL: { Ref: Match.stringLikeRegexp('Queue') },
          DEAD_LETTER_QUEUE_URL: { Ref: Match.stringLikeRegexp('DeadLetters') },
        }),
      },
    });
  });

  it('has alarms on dead letters, and on messages that wait for a quarter of an hour', () => {
    const launcher = stack('runner-launcher');
    launcher.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
    });
    launcher.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 900,
    });
  });
});

describe('idle-reaper', () => {
  it('runs every minute, with its own role and a dead-letter queue', () => {
    stack('idle-reaper').hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Target: Match.objectLike({
        RoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ScheduleRole'), 'Arn'] },
        DeadLetterConfig: { Arn: Match.anyValue() },
        RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 2 },
      }),
    });
  });

  it('runs when a task of the cluster stops', () => {
    stack('idle-reaper').hasResourceProperties('AWS::Events::Rule', {
      EventBusName: Match.absent(),
      EventPattern: {
        source: ['aws.ecs'],
        'detail-type': ['ECS Task State Change'],
        detail: { clusterArn: [{ 'Fn::ImportValue': Match.anyValue() }], lastStatus: ['STOPPED'] },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: { Arn: Match.anyValue() } })],
    });
  });

  it('is not retried by Lambda: the next sweep is the retry', () => {
    stack('idle-reaper').hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 });
    stack('idle-reaper').hasResourceProperties('AWS::Lambda::Function', { Timeout: 120 });
  });

  it('has an alarm on dead letters', () => {
    const reaper = stack('idle-reaper');
    reaper.resourceCountIs('AWS::SQS::Queue', 1);
    reaper.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
    });
  });
});
