import { MANAGER_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import { Duration } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { deregisterDefinitions, findTasks, stopTasks, tagManagers } from '../policies/ecs-statements.ts';
import {
  decryptOnly,
  listFleets,
  putEvents,
  removeSecrets,
  removeWebhookRunnerTokens,
} from '../policies/statements.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';
import type { Installation } from './installation.ts';
import { addLineMetric, METRICS } from './metrics.ts';
import { ServiceAlarms } from './service-alarms.ts';
import { ServiceFunction, type ServiceOptions } from './service-function.ts';

export interface IdleReaperProps extends ServiceOptions {
  readonly installation: Installation;
  /** Interval between sweeps; at least a minute. @default a minute */
  readonly rate?: Duration;
  /** Actions of the alarms. @default none: alarms are only visible in CloudWatch */
  readonly alarmActions?: readonly IAlarmAction[];
}

const TIMEOUT = Duration.seconds(120);

/** The reaper's Lambda, its schedule, and the rule that invokes it when a manager stops. */
export class IdleReaper extends Construct implements IGrantable {
  readonly function: Lambda;
  /** The function's role, for permissions such as decryption with a key of your own. */
  readonly grantPrincipal: IPrincipal;
  readonly deadLetters: Queue;

  constructor(
    scope: Construct,
    id: string,
    { installation, rate, alarmActions, ...options }: IdleReaperProps,
  ) {
    super(scope, id);
    this.deadLetters = deadLetterQueue(this);
    const { function: reaper } = this.service(installation, options);
    // Every invocation is a complete sweep, so the next one, a minute later, is the retry.
    reaper.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(5) });
    this.function = reaper;
    this.grantPrincipal = reaper.grantPrincipal;
    const { parameterPrefix } = installation;
    const ofSweep = {
      parameterPrefix,
      logGroup: reaper.logGroup,
      line: { service: 'idle-reaper', message: 'sweep' },
      above: 0,
    } as const;
    addLineMetric(this, 'Managers', { ...ofSweep, metricName: METRICS.runningManagers, value: '$.managers' });
    addLineMetric(this, 'JobTasks', { ...ofSweep, metricName: METRICS.runningJobTasks, value: '$.jobTasks' });
    this.schedule(rate ?? Duration.minutes(1));
    this.watchStoppedManagers(installation.clusterArn);
    const alarms = new ServiceAlarms(this, 'Alarms', {
      service: 'idle-reaper',
      parameterPrefix,
      actions: alarmActions,
    });
    alarms.functionErrors(this.function);
    alarms.deadLetters(this.deadLetters);
  }

  private service(installation: Installation, options: ServiceOptions): ServiceFunction {
    const { parameterPrefix, eventBusArn, eventBusName, clusterArn } = installation;
    return new ServiceFunction(this, 'Service', {
      service: 'idle-reaper',
      parameterPrefix,
      description: 'Drains idle managers, stops orphaned tasks',
      timeout: TIMEOUT,
      environment: {
        CLUSTER: clusterArn,
        EVENT_BUS_NAME: eventBusName,
        PARAMETER_PREFIX: parameterPrefix,
      },
      statements: [
        listFleets(this, parameterPrefix),
        decryptOnly(this, parameterPrefix, []),
        ...findTasks(this, installation),
        tagManagers(this, installation),
        stopTasks(this, installation, ['manager', 'job']),
        ...removeSecrets(this, parameterPrefix),
        removeWebhookRunnerTokens(this, parameterPrefix),
        deregisterDefinitions(),
        putEvents(eventBusArn),
      ],
      options,
    });
  }

  /** Few retries: the next sweep does the same in a minute. */
  private schedule(rate: Duration): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      description: 'Invokes idle-reaper',
    });
    new Schedule(this, 'Schedule', {
      description: 'Drains idle managers, stops orphaned tasks',
      schedule: ScheduleExpression.rate(rate),
      target: new LambdaInvoke(this.function, {
        role,
        deadLetterQueue: this.deadLetters,
        retryAttempts: 2,
        maxEventAge: Duration.minutes(5),
      }),
    });
  }

  /** Not for stopped jobs: there are hundreds, and none is urgent, because a manager is idle for minutes before it is drained. */
  private watchStoppedManagers(clusterArn: string): void {
    new Rule(this, 'StoppedManagers', {
      description: 'Invokes idle-reaper when a manager stops',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: {
          clusterArn: [clusterArn],
          lastStatus: ['STOPPED'],
          // RunTask's default `group`.
          group: [{ prefix: `family:${MANAGER_FAMILY_PREFIX}` }],
        },
      },
      targets: [
        new LambdaFunction(this.function, {
          deadLetterQueue: this.deadLetters,
          retryAttempts: 10,
          maxEventAge: Duration.hours(1),
        }),
      ],
    });
  }
}
