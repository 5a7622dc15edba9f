import { JOB_ENDS, type ServiceName } from '@serverless-gitlab-runner/fleet';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  AlarmWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IAlarm,
  MathExpression,
  Metric,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type AlarmId, installationName, SERVICE_ALARMS, serviceAlarmName } from './alarm-names.ts';
import { LAUNCH_FAILURE_REASONS, METRICS, metricNamespace } from './metrics.ts';
import { SAVED_QUERIES } from './saved-queries.ts';

export interface DashboardProps {
  readonly parameterPrefix: string;
  /** Names of the shared stack's alarms. */
  readonly sharedAlarms: readonly string[];
}

const PERIOD = Duration.minutes(5);
/** Of CloudWatch's 24 columns. */
const WIDTH = { full: 24, half: 12, third: 8 };
const HEIGHT = { text: 5, alarms: 4, graph: 6 };

/**
 * One page with the state of the installation. An account has three dashboards for free; each further one costs $3 a month.
 * It refers to alarms and metrics by name, because the services' stacks are deployed later.
 */
export class Dashboard extends Construct {
  private readonly props: DashboardProps;
  /** By name. */
  private readonly alarms = new Map<string, IAlarm>();

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    this.props = props;
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: installationName(props.parameterPrefix),
      defaultInterval: Duration.hours(12),
      widgets: [
        [this.commands()],
        [this.alarmStates()],
        [this.queuedToScript(), this.jobsEnded()],
        [this.launches(), this.running(), this.rejected()],
        [
          this.alarmGraph(
            'Age of the oldest waiting request, in seconds',
            'runner-launcher',
            'OldestMessage',
          ),
          this.alarmGraph('Dead letters of runner-launcher', 'runner-launcher', 'DeadLetters'),
          this.alarmGraph('Dead letters of idle-reaper', 'idle-reaper', 'DeadLetters'),
        ],
      ],
    });
  }

  private commands(): TextWidget {
    const queries = SAVED_QUERIES.map(({ name }) => `*${name}*`).join(', ');
    return new TextWidget({
      width: WIDTH.full,
      height: HEIGHT.text,
      markdown: [
        '| to find out | run |',
        '|---|---|',
        '| what is broken, and what mends it | `npx sgr doctor` |',
        '| why a job waits | `npx sgr why JOB` (its number or URL) |',
        '| what runs | `npx sgr status` |',
        '| what happens to dead letters, once the cause is mended | `npx nx run infra:redrive` |',
        '',
        `Saved queries in Logs Insights, in the folder \`${installationName(this.props.parameterPrefix)}\`: ${queries}`,
      ].join('\n'),
    });
  }

  private alarmStates(): AlarmStatusWidget {
    const { parameterPrefix, sharedAlarms } = this.props;
    const services = Object.entries(SERVICE_ALARMS) as [ServiceName, readonly AlarmId[]][];
    const names = services.flatMap(([service, ids]) =>
      ids.map((id) => serviceAlarmName(parameterPrefix, service, id)),
    );
    return new AlarmStatusWidget({
      title: 'Alarms',
      width: WIDTH.full,
      height: HEIGHT.alarms,
      alarms: [...names, ...sharedAlarms].map((name) => this.alarmNamed(name)),
    });
  }

  /** All fleets, whatever their number: a search finds them. */
  private queuedToScript(): GraphWidget {
    const namespace = metricNamespace(this.props.parameterPrefix);
    const search = (statistic: string) =>
      new MathExpression({
        expression: `SEARCH('{"${namespace}",Fleet} MetricName="${METRICS.queuedToScript}"', '${statistic}', ${PERIOD.toSeconds()})`,
        label: statistic,
        period: PERIOD,
      });
    return new GraphWidget({
      title: 'From the queue to the script, by fleet',
      width: WIDTH.half,
      height: HEIGHT.graph,
      left: [search('p50'), search('p90')],
      leftYAxis: { min: 0, label: 'seconds', showUnits: false },
    });
  }

  private jobsEnded(): GraphWidget {
    return new GraphWidget({
      title: 'Jobs, by end',
      width: WIDTH.half,
      height: HEIGHT.graph,
      stacked: true,
      left: JOB_ENDS.map((end) =>
        this.metric(METRICS.jobsEnded, { label: end, dimensionsMap: { End: end } }),
      ),
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  private launches(): GraphWidget {
    return new GraphWidget({
      title: 'Managers started, and failed attempts by reason',
      width: WIDTH.third,
      height: HEIGHT.graph,
      left: [
        this.metric(METRICS.managersLaunched, { label: 'started' }),
        ...LAUNCH_FAILURE_REASONS.map((reason) =>
          this.metric(METRICS.launchFailures, { label: reason, dimensionsMap: { Reason: reason } }),
        ),
      ],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  private running(): GraphWidget {
    return new GraphWidget({
      title: 'Running tasks',
      width: WIDTH.third,
      height: HEIGHT.graph,
      left: [
        this.metric(METRICS.runningManagers, { label: 'managers', statistic: 'Maximum' }),
        this.metric(METRICS.runningJobTasks, { label: 'job tasks', statistic: 'Maximum' }),
      ],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  private rejected(): GraphWidget {
    return new GraphWidget({
      title: 'Rejected webhooks',
      width: WIDTH.third,
      height: HEIGHT.graph,
      left: [this.metric(METRICS.rejectedWebhooks, { label: 'not authentic' })],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  /** The alarm's own metric, with its threshold. */
  private alarmGraph(title: string, service: ServiceName, id: AlarmId): AlarmWidget {
    const alarm = this.alarmNamed(serviceAlarmName(this.props.parameterPrefix, service, id));
    return new AlarmWidget({ title, width: WIDTH.third, height: HEIGHT.graph, alarm });
  }

  private alarmNamed(resourceName: string): IAlarm {
    const arn = Stack.of(this).formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const known = this.alarms.get(resourceName) ?? Alarm.fromAlarmArn(this, resourceName, arn);
    this.alarms.set(resourceName, known);
    return known;
  }

  private metric(
    metricName: string,
    {
      statistic = 'Sum',
      ...props
    }: { label: string; statistic?: string; dimensionsMap?: Record<string, string> },
  ): Metric {
    const namespace = metricNamespace(this.props.parameterPrefix);
    return new Metric({ namespace, metricName, statistic, period: PERIOD, ...props });
  }
}
