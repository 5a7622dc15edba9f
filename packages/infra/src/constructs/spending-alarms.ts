import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { alarmName } from './alarm-names.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

interface SpendingAlarmsProps {
  readonly parameterPrefix: string;
  readonly actions: readonly IAlarmAction[];
}

/** Alarms on usage that jobs can increase and that is billed by the byte. */
export class SpendingAlarms extends Construct {
  /** Names of the alarms. */
  readonly names: string[] = [];
  private readonly props: SpendingAlarmsProps;

  constructor(scope: Construct, id: string, props: SpendingAlarmsProps) {
    super(scope, id);
    this.props = props;
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
    const name = alarmName(this.props.parameterPrefix, id);
    this.names.push(name);
    const alarm = new Alarm(this, id, {
      alarmName: name,
      ...props,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(...this.props.actions);
  }
}
