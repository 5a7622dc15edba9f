import {
  DEFAULT_MANAGER_SIZE,
  DEFAULT_PARAMETER_PREFIX,
  type FargatePrices,
  logGroupNames,
} from '@serverless-gitlab-runner/fleet';
import { RemovalPolicy } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FleetProps } from '../fleet-props.ts';
import { managerRolePath } from '../policies/statements.ts';
import { installationName } from './alarm-names.ts';
import { Dashboard } from './dashboard.ts';
import { EventSchemas } from './event-schemas.ts';
import { refuseNestedPrefixes } from './fleet-cache.ts';
import { FleetResources, type FleetResourcesProps } from './fleet-resources.ts';
import { limitToBuildable, resolveHelperImages } from './helper-images.ts';
import { type ImageSource, type ResolvedImage, resolveImage } from './image-source.ts';
import type { Installation } from './installation.ts';
import { JobCache, type JobCacheProps } from './job-cache.ts';
import { addLineMetric, END, fleetDimension, METRICS, REASON } from './metrics.ts';
import { type BudgetProps, MonthlyBudget } from './monthly-budget.ts';
import { Network, type NetworkProps } from './network.ts';
import { withPublishedImages } from './published-images.ts';
import { builtRunnerImage } from './repository-images.ts';
import { SavedQueries } from './saved-queries.ts';
import { SpendingAlarms } from './spending-alarms.ts';

export interface SharedResourcesProps {
  /** @default one fleet named `default` for https://gitlab.com, everything else with the schema's defaults */
  readonly fleets?: readonly FleetProps[];
  /** @default /serverless-gitlab-runner */
  readonly parameterPrefix?: string;
  /** @default a new VPC with public subnets and no NAT gateway */
  readonly network?: NetworkProps;
  /** The manager's image. @default the one that was released with this package; without one, built from `images/runner` */
  readonly runnerImage?: ImageSource;
  /**
   * The image of job tasks' helper.
   * @default the one that was released with this package; without one, built from `images/job-base` for each architecture that
   * jobs may run on
   */
  readonly jobBaseImage?: ImageSource;
  /**
   * The same for job tasks on ARM64.
   * @default `jobBaseImage` if set; else built from `images/job-base`, if jobs may run on ARM64
   */
  readonly jobBaseImageArm64?: ImageSource;
  /** Size of a manager's task. @default 256 CPU units (a quarter of a vCPU) */
  readonly managerCpu?: number;
  /**
   * @default 1024: a manager with 20 jobs uses 150 MiB, and one job can make `gitlab-runner` read an answer of 100 MiB from a
   * Vault server of its choice (`secrets:`), which uses 621 MiB; with 512 that would end the manager and all its jobs
   */
  readonly managerMemoryMiB?: number;
  /** Architecture of managers. @default X86_64 */
  readonly managerArchitecture?: 'X86_64' | 'ARM64';
  /**
   * Fargate's prices in the region, for the job costs in job logs and events: USD per vCPU-hour and GiB-hour, on demand.
   * @default the prices in `packages/fleet`; for other regions us-east-1's, and job logs say so
   */
  readonly fargatePrices?: FargatePrices;
  /** Additional variables for managers, for example a proxy's; they do not override the managers' own. @default none */
  readonly managerEnvironment?: Readonly<Record<string, string>>;
  /**
   * TCP ports that managers may reach, in addition to 443, DNS, and those of GitLab, registries and proxies that settings name.
   * For example 8200 for a Vault server, or 5050 for GitLab's registry on its own port.
   * @default none
   */
  readonly managerEgressPorts?: readonly number[];
  /**
   * ECR repositories whose images jobs may name: names (`*` allowed) in this account and region, or ARNs in others, whose
   * repository policies must allow it too.
   * @default none: any project of the fleet could read them
   */
  readonly jobImageRepositories?: readonly string[];
  /**
   * Mirrors that jobs' images are pulled through, as fleets name them; those that are ECR pull-through caches may be
   * pulled from and filled, by every fleet.
   * @default each fleet's own `job.registryMirrors`
   */
  readonly jobImageMirrors?: readonly string[];
  /** Bucket and role for jobs' `cache:`, for all fleets without their own setting. @default none: caches are not stored */
  readonly cache?: JobCacheProps;
  /**
   * Whether a fleet's document of more than 4,096 characters may be an advanced SSM parameter (at most 8,192 characters, $0.05 a
   * month each and $0.05 per 10,000 reads, of which there are some 45,000 a month).
   * @default false: such a document is rejected at synthesis
   */
  readonly advancedFleetDocuments?: boolean;
  /**
   * Settings of all fleets that are known at deployment only, such as parameters of the stack. They replace those in `fleets`,
   * and only the services check them.
   * @default none
   */
  readonly deployedSettings?: Readonly<Record<string, unknown>>;
  /** Alarm threshold: MiB logged within an hour by managers, or by one fleet's job tasks. @default 1024 */
  readonly loggedMibAlarm?: number;
  /** A monthly budget of the account. @default none, because the right amount is unknown here */
  readonly budget?: BudgetProps;
  /**
   * A CloudWatch dashboard. Three are free in an account; each further one costs $3 a month.
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * The events' schemas in a registry of EventBridge, for code bindings of consumers. Free; some regions have no registries.
   * @default false
   */
  readonly schemaRegistry?: boolean;
  /** Actions of the alarms. @default none: alarms are only visible in CloudWatch */
  readonly alarmActions?: readonly IAlarmAction[];
  /** How long logs of managers and job tasks are kept. @default RetentionDays.TWO_WEEKS */
  readonly logRetention?: RetentionDays;
  /** @default INFO */
  readonly logLevel?: string;
  /** CloudWatch Container Insights, billed by metric. @default false */
  readonly containerInsights?: boolean;
}

/**
 * The resources that services share: network, cluster, bus, logs, and the fleets with their roles, groups and task definitions.
 */
export class SharedResources extends Construct implements Installation {
  readonly parameterPrefix: string;
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly eventBusArn: string;
  readonly eventBusName: string;
  readonly network: Network;
  readonly managerLogGroup: ILogGroup;
  /** The role with which Fargate pulls the managers' image and writes their log. */
  readonly managerExecutionRole: Role;
  readonly fleets: readonly FleetProps[];
  /** By the fleet's name. */
  readonly fleetResources: ReadonlyMap<string, FleetResources>;

  constructor(scope: Construct, id: string, given: SharedResourcesProps = {}) {
    super(scope, id);
    const props = withPublishedImages(given);
    this.parameterPrefix = props.parameterPrefix ?? DEFAULT_PARAMETER_PREFIX;
    this.fleets = limitToBuildable(props.fleets ?? [{ name: 'default' }], props);
    const name = installationName(this.parameterPrefix);
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: name,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      clusterSettings: [
        { name: 'containerInsights', value: props.containerInsights ? 'enabled' : 'disabled' },
      ],
    });
    this.clusterArn = cluster.attrArn;
    this.clusterName = cluster.ref;
    const eventBus = new EventBus(this, 'EventBus', {
      eventBusName: name,
      description: 'Events of serverless-gitlab-runner: jobs, managers and job tasks',
    });
    this.eventBusArn = eventBus.eventBusArn;
    this.eventBusName = eventBus.eventBusName;
    this.network = new Network(this, 'Network', props.network);
    this.managerLogGroup = new LogGroup(this, 'ManagerLog', {
      logGroupName: logGroupNames(this.parameterPrefix).managers,
      retention: props.logRetention ?? RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cache = props.cache && new JobCache(this, 'Cache', props.cache);
    if (cache) refuseNestedPrefixes(this.fleets);
    const architecture = props.managerArchitecture ?? 'X86_64';
    const image = resolveImage(this, 'RunnerImage', props.runnerImage ?? builtRunnerImage(architecture));
    this.managerExecutionRole = this.createManagerExecutionRole(image);
    const common = this.common(props, image, cache);
    this.fleetResources = new Map(
      this.fleets.map((fleet) => [
        fleet.name,
        new FleetResources(this, `Fleet-${fleet.name}`, { ...common, fleet }),
      ]),
    );
    if (props.schemaRegistry) new EventSchemas(this, 'Schemas', { registryName: name });
    const spending = this.watchSpending(props, cache);
    this.addObservability(props.dashboard ?? true, spending.names);
  }

  /** Metrics of the managers' log, saved queries, and the dashboard. */
  private addObservability(hasDashboard: boolean, sharedAlarms: readonly string[]): void {
    const { parameterPrefix, managerLogGroup: logGroup } = this;
    const fleets = this.fleets.map(({ name }) => name);
    const common = { parameterPrefix, logGroup };
    addLineMetric(this, 'QueuedToScript', {
      ...common,
      metricName: METRICS.queuedToScript,
      line: { service: 'runner-manager', message: 'script started' },
      value: '$.queuedToScriptSeconds',
      dimension: fleetDimension(fleets),
    });
    addLineMetric(this, 'JobsEnded', {
      ...common,
      metricName: METRICS.jobsEnded,
      line: { service: 'runner-manager', message: 'job ended' },
      dimension: END,
    });
    addLineMetric(this, 'FailedManagers', {
      ...common,
      metricName: METRICS.launchFailures,
      line: { service: 'runner-manager', message: 'launch failed' },
      dimension: REASON,
    });
    new SavedQueries(this, 'Queries', { parameterPrefix, fleets });
    if (hasDashboard) new Dashboard(this, 'Dashboard', { parameterPrefix, sharedAlarms });
  }

  private watchSpending(
    { alarmActions, loggedMibAlarm = 1024, cache: cacheProps, budget }: SharedResourcesProps,
    cache: JobCache | undefined,
  ): SpendingAlarms {
    const alarms = new SpendingAlarms(this, 'Spending', {
      parameterPrefix: this.parameterPrefix,
      actions: alarmActions ?? [],
    });
    alarms.loggedBytes('managers', this.managerLogGroup.logGroupName, loggedMibAlarm);
    for (const [fleet, { jobLogGroup }] of this.fleetResources)
      alarms.loggedBytes(`jobs-${fleet}`, jobLogGroup.logGroupName, loggedMibAlarm);
    // In an existing bucket, caches may be the smallest part.
    if (cache && cacheProps?.bucketName === undefined)
      alarms.bucketSize(cache.bucketName, cacheProps?.sizeAlarmGib ?? 500);
    if (budget) new MonthlyBudget(this, 'Budget', budget);
    return alarms;
  }

  /** Properties that are the same for all fleets. */
  private common(
    props: SharedResourcesProps,
    image: ResolvedImage,
    cache: JobCache | undefined,
  ): Omit<FleetResourcesProps, 'fleet'> {
    return {
      parameterPrefix: this.parameterPrefix,
      clusterArn: this.clusterArn,
      clusterName: this.clusterName,
      eventBusArn: this.eventBusArn,
      eventBusName: this.eventBusName,
      image,
      executionRole: this.managerExecutionRole,
      helperImages: resolveHelperImages(this, this.fleets, props),
      logGroup: this.managerLogGroup,
      cpu: props.managerCpu ?? DEFAULT_MANAGER_SIZE.cpu,
      memoryMiB: props.managerMemoryMiB ?? DEFAULT_MANAGER_SIZE.memory,
      architecture: props.managerArchitecture ?? 'X86_64',
      logLevel: props.logLevel ?? 'INFO',
      environment: {
        ...props.managerEnvironment,
        ...(props.fargatePrices === undefined ? {} : { FARGATE_PRICES: JSON.stringify(props.fargatePrices) }),
      },
      network: this.network,
      cache,
      managerEgressPorts: props.managerEgressPorts ?? [],
      imageRepositories: props.jobImageRepositories ?? [],
      imageMirrors: props.jobImageMirrors,
      advancedDocument: props.advancedFleetDocuments ?? false,
      deployedSettings: props.deployedSettings ?? {},
      logRetention: props.logRetention ?? RetentionDays.TWO_WEEKS,
    };
  }

  private createManagerExecutionRole(image: ResolvedImage): Role {
    const role = new Role(this, 'ManagerExecutionRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      path: managerRolePath(this, this.parameterPrefix),
      description: 'Pulls the manager image and writes its log',
    });
    image.grantPull(role);
    return role;
  }
}
