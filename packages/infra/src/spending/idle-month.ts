import { type Resource, resourcesOf } from './app-templates.ts';
import { ASSUMED, FREE, PRICES } from './prices.ts';

/** What one item costs in a month in which nobody pushes. */
export interface IdleItem {
  what: string;
  /** With its unit. */
  usage: string;
  /** What is free in every account; undefined if nothing is. */
  free: string | undefined;
  /** If the free tiers are available to this installation alone. */
  usd: number;
  /** If other things in the account have used them up. */
  usdBeyondFree: number;
}

/** The template has a resource whose price is unknown here. */
export class UnknownPriceError extends Error {
  override readonly name = 'UnknownPriceError';
}

const MINUTES_PER_MONTH = 43_800;
const KIB_PER_GB = 1_000_000_000 / 1024;

/** Resource types that cost nothing by themselves. What they do may have a price, which an item covers. */
const FREE_TYPES: ReadonlySet<string> = new Set([
  ...['AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::ECS::Cluster', 'AWS::ECS::TaskDefinition'],
  ...['AWS::EC2::VPC', 'AWS::EC2::Subnet', 'AWS::EC2::RouteTable', 'AWS::EC2::SubnetRouteTableAssociation'],
  ...['AWS::EC2::Route', 'AWS::EC2::InternetGateway', 'AWS::EC2::VPCGatewayAttachment'],
  ...['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupEgress', 'AWS::EC2::SecurityGroupIngress'],
  ...['AWS::Events::EventBus', 'AWS::Events::Rule', 'AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
  ...['AWS::Logs::LogGroup', 'AWS::Logs::MetricFilter', 'AWS::Logs::QueryDefinition'],
  ...[
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Lambda::Url',
    'AWS::Lambda::EventInvokeConfig',
  ],
]);
/** Resource types with items of their own. */
const PRICED_TYPES: ReadonlySet<string> = new Set([
  ...['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::Dashboard', 'AWS::SSM::Parameter'],
  ...['AWS::Scheduler::Schedule', 'AWS::Lambda::EventSourceMapping'],
]);

/**
 * The items of a month without jobs, from the templates that the app synthesises.
 * @throws {UnknownPriceError} if a template has a resource of another type
 */
export function idleMonth(resources: readonly Resource[] = resourcesOf()): IdleItem[] {
  const unknown = resources.find(({ Type }) => !FREE_TYPES.has(Type) && !PRICED_TYPES.has(Type));
  if (unknown) throw new UnknownPriceError(`idle-month.ts has no price of ${unknown.Type}`);
  const of = (type: string) => resources.filter(({ Type }) => Type === type);
  const sweeps = of('AWS::Scheduler::Schedule').reduce((sum, one) => sum + invocations(one), 0);
  const gbSeconds = sweeps * ASSUMED.sweepSeconds * (memoryOf(of('AWS::Lambda::Function')) / 1024);
  const polls = of('AWS::Lambda::EventSourceMapping').length * ASSUMED.pollsPerMinute * MINUTES_PER_MONTH;
  const advanced = of('AWS::SSM::Parameter').filter(({ Properties }) => Properties.Tier === 'Advanced');
  const loggedGb = (sweeps * ASSUMED.loggedKibPerSweep) / KIB_PER_GB;
  return [
    item('images in ECR', { count: ASSUMED.imagesGb, unit: 'GB', price: PRICES.ecrGbMonth }),
    item("bundles in CDK's bucket", { count: ASSUMED.bundlesGb, unit: 'GB', price: PRICES.s3GbMonth }),
    item('alarms', {
      count: of('AWS::CloudWatch::Alarm').length,
      price: PRICES.alarmMonth,
      free: FREE.alarms,
    }),
    item('dashboard', {
      count: of('AWS::CloudWatch::Dashboard').length,
      price: PRICES.dashboardMonth,
      free: FREE.dashboards,
    }),
    item('custom metrics: none has a value', { count: 0, price: PRICES.metricMonth, free: FREE.metrics }),
    item('SQS: long polls for runner-launcher', {
      count: polls,
      unit: 'requests',
      price: PRICES.millionSqsRequests / 1e6,
      free: FREE.sqsRequests,
    }),
    item('Scheduler: idle-reaper', {
      count: sweeps,
      unit: 'invocations',
      price: PRICES.millionScheduled / 1e6,
      free: FREE.scheduled,
    }),
    item('Lambda: requests of idle-reaper', {
      count: sweeps,
      unit: 'requests',
      price: PRICES.millionLambdaRequests / 1e6,
      free: FREE.lambdaRequests,
    }),
    item('Lambda: time of idle-reaper', {
      count: gbSeconds,
      unit: 'GB-seconds',
      price: PRICES.lambdaGbSecond,
      free: FREE.lambdaGbSeconds,
    }),
    item('logs of idle-reaper: written', {
      count: loggedGb,
      unit: 'GB',
      price: PRICES.loggedGb,
      free: FREE.loggedGb,
    }),
    // Two weeks, less when compressed.
    item('logs of idle-reaper: kept', {
      count: loggedGb / 2,
      unit: 'GB',
      price: PRICES.storedLogGbMonth,
      free: FREE.loggedGb,
    }),
    item('advanced parameters (`advancedFleetDocuments`); standard ones are free', {
      count: advanced.length,
      price: PRICES.advancedParameterMonth,
    }),
  ];
}

/** Sum of a month's items. */
export function totalOf(items: readonly IdleItem[]): { usd: number; usdBeyondFree: number } {
  return {
    usd: items.reduce((sum, { usd }) => sum + usd, 0),
    usdBeyondFree: items.reduce((sum, { usdBeyondFree }) => sum + usdBeyondFree, 0),
  };
}

interface Usage {
  count: number;
  unit?: string;
  /** USD for one. */
  price: number;
  free?: number;
}

function item(what: string, { count, unit = '', price, free }: Usage): IdleItem {
  const text = (amount: number) =>
    `${amount.toLocaleString('en-US', { maximumSignificantDigits: amount < 1 ? 2 : 7 })} ${unit}`.trim();
  return {
    what,
    usage: text(count),
    free: free === undefined ? undefined : text(free),
    usd: Math.max(0, count - (free ?? 0)) * price,
    usdBeyondFree: count * price,
  };
}

/** Invocations in a month of a schedule such as `rate(1 minute)`. */
function invocations({ Properties }: Resource): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour)s?\)$/.exec(String(Properties.ScheduleExpression)) ?? [];
  if (count === undefined) throw new UnknownPriceError(`unknown schedule ${Properties.ScheduleExpression}`);
  return MINUTES_PER_MONTH / (Number(count) * (unit === 'hour' ? 60 : 1));
}

/** MiB of the largest function. */
function memoryOf(functions: readonly Resource[]): number {
  return Math.max(...functions.map(({ Properties }) => Number(Properties.MemorySize)));
}
