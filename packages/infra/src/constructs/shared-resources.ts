import { DEFAULT_PARAMETER_PREFIX, parseEcrRegistry } from '@serverless-gitlab-runner/fleet';
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnCluster } from 'aws-cdk-lib/aws-ecs';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FleetProps } from '../fleet-props.ts';
import { assumeCacheRoles } from '../policies/statements.ts';
import { FleetParameter } from './fleet-parameter.ts';
import { holdToBuildable, resolveHelperImages } from './helper-images.ts';
import { type ImageSource, resolveImage } from './image-source.ts';
import type { Installation } from './installation.ts';
import { JobCache, type JobCacheProps } from './job-cache.ts';
import { JobExecutionRole } from './job-execution-role.ts';
import { ManagerTask } from './manager-task.ts';
import { Network, type NetworkProps } from './network.ts';
import { builtRunnerImage } from './repository-images.ts';

export interface SharedResourcesProps {
  /** @default one fleet named `default` for https://gitlab.com, everything else as the fleet's schema says */
  readonly fleets?: readonly FleetProps[];
  /** @default /serverless-gitlab-runner */
  readonly parameterPrefix?: string;
  /** @default an own VPC with public subnets and no NAT gateway */
  readonly network?: NetworkProps;
  /** The manager's image. @default built from `images/runner` */
  readonly runnerImage?: ImageSource;
  /** The image of job tasks' helper. @default built from `images/job-base`, if jobs may run on X86_64 */
  readonly jobBaseImage?: ImageSource;
  /**
   * The same for job tasks on ARM64.
   * @default `jobBaseImage`, if that is given; else built from `images/job-base`, if jobs may run on ARM64
   */
  readonly jobBaseImageArm64?: ImageSource;
  /** Size of a manager's task. @default 256 CPU units (a quarter of a vCPU) */
  readonly managerCpu?: number;
  /** @default 512 */
  readonly managerMemoryMiB?: number;
  /** Architecture of managers. @default X86_64 */
  readonly managerArchitecture?: 'X86_64' | 'ARM64';
  /** Variables for managers beyond their own, a proxy's for example; they do not replace those. @default none */
  readonly managerEnvironment?: Readonly<Record<string, string>>;
  /**
   * ECR repositories whose images jobs may name: names (`*` allowed) in this account and region, or ARNs in others, whose
   * repository policies must allow it too.
   * @default none: any project of the fleet could read them
   */
  readonly jobImageRepositories?: readonly string[];
  /**
   * Mirrors that jobs' images are pulled through, as fleets name them; those that are ECR pull-through caches may be
   * pulled from and filled. Needed only for fleets that are not declared here.
   * @default those of the fleets' `job.registryMirrors`
   */
  readonly jobImageMirrors?: readonly string[];
  /** Bucket and role for jobs' `cache:`, for all fleets that do not say otherwise. @default none: caches are not kept */
  readonly cache?: JobCacheProps;
  /** How long logs of managers and job tasks are kept. @default RetentionDays.TWO_WEEKS */
  readonly logRetention?: RetentionDays;
  /** @default INFO */
  readonly logLevel?: string;
  /** CloudWatch Container Insights, billed by metric. @default false */
  readonly containerInsights?: boolean;
}

/** Network, cluster, bus, logs, roles, the manager's task definition and the fleets: what the services share. */
export class SharedResources extends Construct implements Installation {
  readonly parameterPrefix: string;
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly eventBusArn: string;
  readonly eventBusName: string;
  readonly managerTaskRoleArn: string;
  readonly managerExecutionRoleArn: string;
  readonly network: Network;
  readonly managerLogGroup: ILogGroup;
  readonly jobLogGroup: ILogGroup;
  readonly fleets: readonly FleetProps[];
  readonly managerTask: ManagerTask;

  constructor(scope: Construct, id: string, props: SharedResourcesProps = {}) {
    super(scope, id);
    this.parameterPrefix = props.parameterPrefix ?? DEFAULT_PARAMETER_PREFIX;
    this.fleets = holdToBuildable(props.fleets ?? [{ name: 'default' }], props);
    const name = nameOf(this.parameterPrefix);
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
    this.managerLogGroup = this.logGroup('ManagerLog', 'managers', props.logRetention);
    this.jobLogGroup = this.logGroup('JobLog', 'jobs', props.logRetention);
    this.managerTask = this.manager(props);
    this.managerTaskRoleArn = this.managerTask.taskRole.roleArn;
    this.managerExecutionRoleArn = this.managerTask.executionRole.roleArn;
    const cache = this.jobCache(props.cache);
    for (const fleet of this.fleets) {
      new FleetParameter(this, `Fleet-${fleet.name}`, {
        parameterPrefix: this.parameterPrefix,
        fleet,
        network: this.network,
        cache,
      });
    }
  }

  private logGroup(id: string, name: string, retention = RetentionDays.TWO_WEEKS): LogGroup {
    return new LogGroup(this, id, {
      logGroupName: `${this.parameterPrefix}/${name}`,
      retention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private jobCache(props: JobCacheProps | undefined): JobCache | undefined {
    const { taskRole } = this.managerTask;
    const cache = props && new JobCache(this, 'Cache', taskRole, props);
    const roleArns = this.fleets.flatMap((fleet) => (fleet.cache ? (fleet.cache.roleArn ?? []) : []));
    if (cache) roleArns.push(cache.role.roleArn);
    if (roleArns.length > 0) taskRole.addToPolicy(assumeCacheRoles([...new Set(roleArns)]));
    return cache;
  }

  private manager(props: SharedResourcesProps): ManagerTask {
    const architecture = props.managerArchitecture ?? 'X86_64';
    const image = resolveImage(this, 'RunnerImage', props.runnerImage ?? builtRunnerImage(architecture));
    const helperImages = resolveHelperImages(this, this.fleets, props);
    const jobExecution = new JobExecutionRole(this, 'JobExecution', {
      helperImages,
      logGroup: this.jobLogGroup,
      imageRepositories: props.jobImageRepositories ?? [],
      imageMirrors:
        props.jobImageMirrors ??
        this.fleets.flatMap((fleet) => Object.values(fleet.job?.registryMirrors ?? {})),
      parameterPrefix: this.parameterPrefix,
      registrySecretArns: [
        ...new Set(this.fleets.flatMap((fleet) => Object.values(fleet.job?.registryCredentials ?? {}))),
      ],
    });
    const manager = new ManagerTask(this, 'Manager', {
      parameterPrefix: this.parameterPrefix,
      clusterArn: this.clusterArn,
      clusterName: this.clusterName,
      eventBusArn: this.eventBusArn,
      eventBusName: this.eventBusName,
      image,
      helperImages,
      jobExecutionRoleArn: jobExecution.role.roleArn,
      jobTaskRoleArns: this.fleets.flatMap((fleet) => fleet.job?.taskRoleArn ?? []),
      logGroup: this.managerLogGroup,
      jobLogGroup: this.jobLogGroup,
      cpu: props.managerCpu ?? 256,
      memoryMiB: props.managerMemoryMiB ?? 512,
      architecture,
      logLevel: props.logLevel ?? 'INFO',
      environment: props.managerEnvironment ?? {},
    });
    const configRegistries = this.fleets.flatMap((fleet) => fleet.job?.imageConfigRegistries ?? []);
    if (configRegistries.some(parseEcrRegistry)) jobExecution.grantReadConfigs(manager.taskRole);
    return manager;
  }
}

/** `/serverless-gitlab-runner` as `serverless-gitlab-runner`: people and other consumers read these names. */
function nameOf(parameterPrefix: string): string {
  return parameterPrefix.slice(1).replaceAll('/', '-');
}
