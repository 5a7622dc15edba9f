import { MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE, type EventName } from '@serverless-gitlab-runner/shared-events';
import { Duration } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { findTasks, runTasks, tagManagers } from '../policies/ecs-statements.ts';
import {
  decryptOnly,
  listFleets,
  managerRolePath,
  putEvents,
  readParameters,
  roleArnsUnder,
} from '../policies/statements.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';
import type { Installation } from './installation.ts';
import { ServiceAlarms } from './service-alarms.ts';
import { ServiceFunction, type ServiceOptions } from './service-function.ts';

export interface RunnerLauncherProps extends ServiceOptions {
  readonly installation: Installation;
  /** The most launchers at one time, at least 2. @default 2 */
  readonly maxConcurrency?: number;
  /**
   * Age of the oldest waiting message from which the alarm rings.
   * @default 15 minutes
   */
  readonly oldestMessageAlarm?: Duration;
  /** What alarms do. @default nothing: they only show in CloudWatch */
  readonly alarmActions?: readonly IAlarmAction[];
}

const TIMEOUT = Duration.seconds(60);
/** Six times the function's timeout. @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY = Duration.seconds(6 * TIMEOUT.toSeconds());
/**
 * The most that SQS allows. A message of a fleet at its maximum comes back every two minutes at the latest: 1,000 receives are
 * longer than the day after which GitLab drops a job. What can never succeed is sent to the dead-letter queue at once.
 */
const MAX_RECEIVES = 1000;
/** Of every fleet that has one. */
const API_TOKENS = ['fleets/*/api-token'];
/** What asks for a manager. */
const WANTED: readonly EventName[] = ['JobQueued', 'ManagerRequested'];

/** Rule, queue and Lambda that start managers for queued jobs. */
export class RunnerLauncher extends Construct {
  readonly function: IFunction;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: RunnerLauncherProps) {
    super(scope, id);
    const { installation, maxConcurrency, oldestMessageAlarm, alarmActions, ...options } = props;
    this.deadLetters = deadLetterQueue(this);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: VISIBILITY,
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    new Rule(this, 'Rule', {
      eventBus: EventBus.fromEventBusName(this, 'EventBus', installation.eventBusName),
      description: 'What asks for a manager goes to the launcher',
      eventPattern: { source: [EVENT_SOURCE], detailType: [...WANTED] },
      targets: [
        new SqsQueue(this.queue, {
          deadLetterQueue: this.deadLetters,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
    const { function: launcher } = this.service(installation, options);
    launcher.addEventSource(
      new SqsEventSource(this.queue, {
        // A batch makes one plan: in a burst a large one knows more of the jobs that wait.
        batchSize: 100,
        maxBatchingWindow: Duration.seconds(1),
        reportBatchItemFailures: true,
        maxConcurrency: maxConcurrency ?? 2,
      }),
    );
    this.function = launcher;
    const alarms = new ServiceAlarms(this, 'Alarms', alarmActions);
    alarms.functionErrors(launcher);
    alarms.deadLetters(this.deadLetters);
    alarms.oldestMessage(this.queue, oldestMessageAlarm ?? Duration.minutes(15));
  }

  private service(installation: Installation, options: ServiceOptions): ServiceFunction {
    const { parameterPrefix, eventBusArn, eventBusName, clusterArn } = installation;
    return new ServiceFunction(this, 'Service', {
      service: 'runner-launcher',
      description: 'Queued jobs in, runner managers out',
      timeout: TIMEOUT,
      environment: {
        CLUSTER: clusterArn,
        EVENT_BUS_NAME: eventBusName,
        PARAMETER_PREFIX: parameterPrefix,
        QUEUE_URL: this.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: this.deadLetters.queueUrl,
        MAX_RECEIVES: String(MAX_RECEIVES),
      },
      statements: [
        readParameters(
          this,
          parameterPrefix,
          ['ssm:GetParameter', 'ssm:GetParameters'],
          // The runner tokens only to see that they are there; they stay encrypted.
          ['fleets/*/config', 'fleets/*/runner-token', 'fleets/*/runner-tokens/*', ...API_TOKENS],
        ),
        listFleets(this, parameterPrefix),
        decryptOnly(this, parameterPrefix, API_TOKENS),
        new PolicyStatement({
          sid: 'GiveUp',
          actions: ['sqs:SendMessage'],
          resources: [this.deadLetters.queueArn],
        }),
        ...findTasks(this, installation),
        ...runTasks(this, installation, {
          // Of every fleet: a policy that named each would be full at some twenty, and change with each.
          family: `${MANAGER_FAMILY_PREFIX}*`,
          roleArns: [roleArnsUnder(this, managerRolePath(this, parameterPrefix))],
          tags: { role: 'manager' },
        }),
        tagManagers(this, installation),
        putEvents(eventBusArn),
      ],
      options,
    });
  }
}
