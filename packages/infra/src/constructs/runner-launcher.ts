import { MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import { EVENT_SOURCE, type EventName } from '@serverless-gitlab-runner/shared-events';
import { Duration } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { FilterPattern, type ILogGroup } from 'aws-cdk-lib/aws-logs';
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
import { addLineMetric, METRICS, REASON } from './metrics.ts';
import { ServiceAlarms } from './service-alarms.ts';
import { ServiceFunction, type ServiceOptions } from './service-function.ts';

export interface RunnerLauncherProps extends ServiceOptions {
  readonly installation: Installation;
  /** Maximum number of concurrent launchers, at least 2. @default 2 */
  readonly maxConcurrency?: number;
  /**
   * Alarm threshold: age of the oldest waiting message.
   * @default 15 minutes
   */
  readonly oldestMessageAlarm?: Duration;
  /** Actions of the alarms. @default none: alarms are only visible in CloudWatch */
  readonly alarmActions?: readonly IAlarmAction[];
}

const TIMEOUT = Duration.seconds(60);
/** Six times the function's timeout. @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY = Duration.seconds(6 * TIMEOUT.toSeconds());
/**
 * The maximum of SQS. A deferred message comes back every two minutes at the latest, so 1,000 receives take longer than the day
 * after which GitLab drops a job. Messages that can never succeed are sent to the dead-letter queue immediately.
 */
const MAX_RECEIVES = 1000;
/** Every fleet's API token. */
const API_TOKENS = ['fleets/*/api-token'];
/** Events that request a manager. */
const REQUEST_EVENTS: readonly EventName[] = ['JobQueued', 'ManagerRequested'];

/** Rule, queue and Lambda that start managers for queued jobs. */
export class RunnerLauncher extends Construct implements IGrantable {
  readonly function: Lambda;
  /** The function's role, for permissions such as decryption with a key of your own. */
  readonly grantPrincipal: IPrincipal;
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: RunnerLauncherProps) {
    super(scope, id);
    const { installation, maxConcurrency = 2, oldestMessageAlarm, alarmActions, ...options } = props;
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
      description: 'Routes requests for managers to the launcher',
      eventPattern: { source: [EVENT_SOURCE], detailType: [...REQUEST_EVENTS] },
      targets: [
        new SqsQueue(this.queue, {
          deadLetterQueue: this.deadLetters,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
    const { function: launcher } = this.service(installation, maxConcurrency, options);
    launcher.addEventSource(
      new SqsEventSource(this.queue, {
        // One plan is made per batch: in a burst, a large batch covers more of the waiting jobs.
        batchSize: 100,
        maxBatchingWindow: Duration.seconds(1),
        reportBatchItemFailures: true,
        maxConcurrency,
      }),
    );
    this.function = launcher;
    this.grantPrincipal = launcher.grantPrincipal;
    this.addMetrics(installation.parameterPrefix, launcher.logGroup);
    const alarms = new ServiceAlarms(this, 'Alarms', {
      service: 'runner-launcher',
      parameterPrefix: installation.parameterPrefix,
      actions: alarmActions,
    });
    alarms.functionErrors(launcher);
    alarms.deadLetters(this.deadLetters);
    alarms.oldestMessage(this.queue, oldestMessageAlarm ?? Duration.minutes(15));
    alarms.loggedLines('RefusedTokens', {
      logGroup: launcher.logGroup,
      pattern: FilterPattern.stringValue('$.failure.reason', '=', 'runner-token-refused'),
      threshold: 0,
      minutes: 5,
      description:
        'GitLab refuses a runner token, so no manager is started: run `npx sgr doctor`, store a valid one, then `npx sgr redrive`',
    });
  }

  /** From the launcher's log. */
  private addMetrics(parameterPrefix: string, logGroup: ILogGroup): void {
    const planned = { service: 'runner-launcher', message: 'launch planned' } as const;
    const failed = { service: 'runner-launcher', message: 'launch failed' } as const;
    const common = { parameterPrefix, logGroup };
    addLineMetric(this, 'Launches', {
      ...common,
      metricName: METRICS.managersLaunched,
      line: planned,
      value: '$.launches',
      above: 0,
    });
    const failures = { ...common, metricName: METRICS.launchFailures, dimension: REASON };
    addLineMetric(this, 'FailedPlans', { ...failures, line: planned });
    addLineMetric(this, 'FailedLaunches', { ...failures, line: failed });
  }

  private service(
    installation: Installation,
    maxConcurrency: number,
    options: ServiceOptions,
  ): ServiceFunction {
    const { parameterPrefix, eventBusArn, eventBusName, clusterArn } = installation;
    return new ServiceFunction(this, 'Service', {
      service: 'runner-launcher',
      parameterPrefix,
      description: 'Queued jobs in, runner managers out',
      timeout: TIMEOUT,
      environment: {
        CLUSTER: clusterArn,
        EVENT_BUS_NAME: eventBusName,
        PARAMETER_PREFIX: parameterPrefix,
        QUEUE_URL: this.queue.queueUrl,
        DEAD_LETTER_QUEUE_URL: this.deadLetters.queueUrl,
        MAX_RECEIVES: String(MAX_RECEIVES),
        MAX_LAUNCHERS: String(maxConcurrency),
      },
      statements: [
        readParameters(
          this,
          parameterPrefix,
          ['ssm:GetParameter', 'ssm:GetParameters'],
          // The runner tokens only to check that they exist; they stay encrypted.
          [
            ...['fleets/*/config', 'fleets/*/ca', 'fleets/*/runner-token', 'fleets/*/runner-tokens/*'],
            ...API_TOKENS,
          ],
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
          // Covers every fleet: a policy that names each would be full at some twenty fleets, and change with each.
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
