import type { ServiceName } from '@serverless-gitlab-runner/fleet';
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type IFilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type AlarmId, serviceAlarmName } from './alarm-names.ts';
import { METRICS, metricNamespace } from './metrics.ts';

const PERIOD = Duration.minutes(1);
const METRIC_OF_ALARM = {
  RejectedWebhooks: METRICS.rejectedWebhooks,
  RefusedTokens: METRICS.refusedTokens,
} as const;

/** Lines of a log that should be few. */
export interface LoggedLines {
  readonly logGroup: ILogGroup;
  readonly pattern: IFilterPattern;
  readonly threshold: number;
  /** Minutes over which lines are counted. */
  readonly minutes: number;
  readonly description: string;
}

export interface ServiceAlarmsProps {
  readonly service: ServiceName;
  readonly parameterPrefix: string;
  /** @default none */
  readonly actions?: readonly IAlarmAction[] | undefined;
}

/** A service's alarms; the user chooses their actions. */
export class ServiceAlarms extends Construct {
  private readonly props: ServiceAlarmsProps;

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    this.props = props;
  }

  /** The function failed in at least three of five minutes. A single failure is retried. */
  functionErrors(lambda: IFunction): void {
    this.alarm('Errors', lambda.metricErrors({ period: PERIOD, statistic: 'Sum' }), {
      threshold: 0,
      minutes: 5,
      minutesToAlarm: 3,
      description: 'The function fails repeatedly: run `npx sgr doctor`, and read its log',
    });
  }

  /** A message is in the dead-letter queue. */
  deadLetters(queue: IQueue): void {
    const metric = queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' });
    this.alarm('DeadLetters', metric, {
      threshold: 0,
      minutes: 1,
      minutesToAlarm: 1,
      description:
        'An event could not be processed: run `npx sgr doctor` for the cause, mend it, then run `npx sgr redrive`',
    });
  }

  /** A message waits for too long. */
  oldestMessage(queue: IQueue, age: Duration): void {
    const metric = queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' });
    this.alarm('OldestMessage', metric, {
      threshold: age.toSeconds(),
      minutes: 1,
      minutesToAlarm: 1,
      description:
        'A queued job waits for a manager: the fleet is at its maximum, or launches fail. Run `npx sgr doctor`, and `npx sgr why JOB` for one job',
    });
  }

  /**
   * More than `threshold` lines of a log match a pattern within `minutes`. The metric costs only in hours in which a line matches.
   */
  loggedLines(id: AlarmId & keyof typeof METRIC_OF_ALARM, props: LoggedLines): void {
    const { logGroup, pattern, threshold, minutes, description } = props;
    const filter = new MetricFilter(this, `${id}Lines`, {
      logGroup,
      filterPattern: pattern,
      metricNamespace: metricNamespace(this.props.parameterPrefix),
      metricName: METRIC_OF_ALARM[id],
    });
    const period = Duration.minutes(minutes);
    const metric = filter.metric({ period, statistic: 'Sum' });
    this.alarm(id, metric, { threshold, minutes: 1, minutesToAlarm: 1, description });
  }

  private alarm(
    id: AlarmId,
    metric: IMetric,
    props: { threshold: number; minutes: number; minutesToAlarm: number; description: string },
  ): void {
    const { parameterPrefix, service, actions = [] } = this.props;
    const alarm = new Alarm(this, id, {
      alarmName: serviceAlarmName(parameterPrefix, service, id),
      metric,
      threshold: props.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.minutes,
      datapointsToAlarm: props.minutesToAlarm,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: props.description,
    });
    alarm.addAlarmAction(...actions);
  }
}
