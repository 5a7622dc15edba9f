import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Alarms on usage that jobs can increase and that is billed by the byte. */
export class SpendingAlarms extends Construct {
  private readonly actions: readonly IAlarmAction[];

  constructor(scope: Construct, id: string, actions: readonly IAlarmAction[] = []) {
    super(scope, id);
    this.actions = actions;
  }

  /** Alarm if more than `mib` MiB were written to a log group within an hour. */
  loggedBytes(id: string, logGroupName: string, mib: number): void {
    this.alarm(`Logged-${id}`, {
      metric: new Metric({
        namespace: 'AWS/Logs',
        metricName: 'IncomingBytes',
        dimensionsMap: { LogGroupName: logGroupName },
        statistic: 'Sum',
        period: Duration.hours(1),
      }),
      threshold: mib * MIB,
      alarmDescription:
        'More is logged than usual, and CloudWatch bills it by the byte: find the job that writes it',
    });
  }

  /** Alarm if a bucket holds more than `gib` GiB; S3 measures once a day. */
  bucketSize(bucketName: string, gib: number): void {
    this.alarm('CacheSize', {
      metric: new Metric({
        namespace: 'AWS/S3',
        metricName: 'BucketSizeBytes',
        dimensionsMap: { BucketName: bucketName, StorageType: 'StandardStorage' },
        statistic: 'Average',
        period: Duration.days(1),
      }),
      threshold: gib * GIB,
      alarmDescription:
        'The caches of jobs use more space than expected: check what each project stores, and for how long',
    });
  }

  private alarm(id: string, props: { metric: Metric; threshold: number; alarmDescription: string }): void {
    const alarm = new Alarm(this, id, {
      ...props,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...this.actions);
  }
}
