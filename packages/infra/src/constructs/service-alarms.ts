import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

const PERIOD = Duration.minutes(1);

/** A service's alarms; the user chooses their actions. */
export class ServiceAlarms extends Construct {
  private readonly actions: readonly IAlarmAction[];

  constructor(scope: Construct, id: string, actions: readonly IAlarmAction[] = []) {
    super(scope, id);
    this.actions = actions;
  }

  /** The function failed in at least three of five minutes. A single failure is retried. */
  functionErrors(lambda: IFunction): void {
    this.alarm('Errors', lambda.metricErrors({ period: PERIOD, statistic: 'Sum' }), {
      threshold: 0,
      minutes: 5,
      minutesToAlarm: 3,
      description: 'The function fails repeatedly: read its log',
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
        'An event could not be processed: read it in the dead-letter queue, fix the cause, redrive the queue',
    });
  }

  /** A message waits for too long. */
  oldestMessage(queue: IQueue, age: Duration): void {
    const metric = queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' });
    this.alarm('OldestMessage', metric, {
      threshold: age.toSeconds(),
      minutes: 1,
      minutesToAlarm: 1,
      description: 'A queued job waits for a manager: the fleet is at its maximum, or launches fail',
    });
  }

  private alarm(
    id: string,
    metric: IMetric,
    props: { threshold: number; minutes: number; minutesToAlarm: number; description: string },
  ): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold: props.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: props.minutes,
      datapointsToAlarm: props.minutesToAlarm,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: props.description,
    });
    alarm.addAlarmAction(...this.actions);
  }
}
