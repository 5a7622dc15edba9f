import { JOB_ENDS, type LOG_LINES } from '@serverless-gitlab-runner/fleet';
import { eventSchemas } from '@serverless-gitlab-runner/shared-events';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/**
 * The installation's metrics. Metric filters make them from log lines (docs/decisions/0012-metrics-from-log-lines.md). None has a
 * value while nothing happens, so none costs anything then.
 */
export const METRICS = {
  /** Seconds from GitLab's queue to the first line of the script, by fleet. */
  queuedToScript: 'QueuedToScript',
  /** Managers that the launcher started. */
  managersLaunched: 'ManagersLaunched',
  /** Attempts to start a manager that failed, by reason; a job that waits is tried again every two minutes at the latest. */
  launchFailures: 'LaunchFailures',
  /** Jobs that ended, by end. */
  jobsEnded: 'JobsEnded',
  /** Managers and job tasks, counted once a minute while there are any. */
  runningManagers: 'RunningManagers',
  runningJobTasks: 'RunningJobTasks',
  rejectedWebhooks: 'RejectedWebhooks',
  refusedTokens: 'RefusedTokens',
} as const;

/** Reasons of failed launches: the values of the metric's dimension. */
export const LAUNCH_FAILURE_REASONS = eventSchemas.ManagerLaunchFailed.shape.reason.options;

/** Metrics' namespace: the parameters' prefix without its slash. */
export function metricNamespace(parameterPrefix: string): string {
  return parameterPrefix.slice(1);
}

/** CloudWatch's limit for a filter's pattern. */
const MAX_PATTERN_CHARACTERS = 1024;

type Service = keyof typeof LOG_LINES;
type Line = {
  [Name in Service]: { service: Name; message: keyof (typeof LOG_LINES)[Name] & string };
}[Service];

/** A metric of the lines with one message. */
export interface LineMetric {
  readonly metricName: string;
  readonly line: Line;
  /** Selector of the number that is the metric's value. @default 1 for each line */
  readonly value?: `$.${string}`;
  /** A line counts only if its value is larger. @default none: zero counts too */
  readonly above?: number;
  readonly dimension?: BoundedDimension;
}

/**
 * A dimension. Each of its values is a metric that costs $0.30 a month, so a filter's pattern lists them: a line with another
 * value, whoever caused it, matches nothing.
 */
export interface BoundedDimension {
  readonly name: string;
  /** Selector of the field. */
  readonly field: `$.${string}`;
  readonly values: readonly string[];
}

export const REASON: BoundedDimension = {
  name: 'Reason',
  field: '$.failure.reason',
  values: LAUNCH_FAILURE_REASONS,
};
export const END: BoundedDimension = { name: 'End', field: '$.end', values: JOB_ENDS };
export const fleetDimension = (values: readonly string[]): BoundedDimension => ({
  name: 'Fleet',
  field: '$.fleet',
  values,
});

/** Adds the filters of a metric: several if one pattern cannot list all values of its dimension. */
export function addLineMetric(
  scope: Construct,
  id: string,
  props: LineMetric & { logGroup: ILogGroup; parameterPrefix: string },
): void {
  const { logGroup, parameterPrefix, metricName, value = '1', dimension } = props;
  linePatterns(props).forEach((pattern, index) => {
    new MetricFilter(scope, index === 0 ? id : `${id}${index + 1}`, {
      logGroup,
      filterPattern: FilterPattern.literal(pattern),
      metricNamespace: metricNamespace(parameterPrefix),
      metricName,
      metricValue: value,
      ...(dimension && { dimensions: { [dimension.name]: dimension.field } }),
    });
  });
}

/** Patterns of a metric's filters. Together they match each of its lines once. */
export function linePatterns({ line, value, above, dimension }: LineMetric): string[] {
  const terms = [
    `$.service = "${line.service}"`,
    `$.message = "${line.message}"`,
    // A line without the number would have no value.
    ...(value === undefined ? [] : [above === undefined ? `${value} >= 0` : `${value} > ${above}`]),
  ];
  if (dimension === undefined) return [`{ ${terms.join(' && ')} }`];
  const patternOf = (values: readonly string[]) =>
    `{ ${terms.join(' && ')} && (${values.map((each) => `${dimension.field} = "${each}"`).join(' || ')}) }`;
  const groups: string[][] = [[]];
  for (const each of dimension.values) {
    const last = groups.at(-1) ?? [];
    if (patternOf([...last, each]).length <= MAX_PATTERN_CHARACTERS) last.push(each);
    else groups.push([each]);
  }
  return groups.map(patternOf);
}
