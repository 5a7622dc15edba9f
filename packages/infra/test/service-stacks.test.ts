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
  it('is Node 24 on ARM with a log group of its own', () => {
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

  it('has an alarm on its errors that tells whom the user named', () => {
    stack(service).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      Namespace: 'AWS/Lambda',
      EvaluationPeriods: 5,
      DatapointsToAlarm: 3,
      AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:on-call'],
    });
  });
});

describe('webhook-receiver', () => {
  it('has a URL that anybody may call, by both permissions that AWS asks for', () => {
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

  it('knows the bus and the prefix', () => {
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

  it('has its concurrency reserved on demand only', () => {
    const reserved = stackOf('webhook-receiver', { webhookConcurrency: '20' });
    reserved.hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: 20 });
    stack('webhook-receiver').hasResourceProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
  });
});

describe('runner-launcher', () => {
  it('gets what asks for a manager, and only from us', () => {
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

  it('has encrypted queues; a message is tried for four days and lies for fourteen', () => {
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

  it('has six times its timeout before a message shows again', () => {
    const launcher = stack('runner-launcher');
    launcher.hasResourceProperties('AWS::Lambda::Function', { Timeout: 60 });
    launcher.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 360 });
  });

  it('takes batches and says which messages failed', () => {
    stack('runner-launcher').hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it('is told what it reads', () => {
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

  it('rings when something was given up, and when a message waits for a quarter of an hour', () => {
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
  it('looks every minute, by a role of its own, with what could not be delivered kept', () => {
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

  it('looks when a task of our cluster stopped', () => {
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

  it('is not tried again by Lambda: the next look is the retry', () => {
    stack('idle-reaper').hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 });
    stack('idle-reaper').hasResourceProperties('AWS::Lambda::Function', { Timeout: 120 });
  });

  it('rings when something was given up', () => {
    const reaper = stack('idle-reaper');
    reaper.resourceCountIs('AWS::SQS::Queue', 1);
    reaper.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
    });
  });
});
