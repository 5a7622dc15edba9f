import {
  logGroupNames,
  parameterNames,
  parseEcrRegistry,
  safetyLaunchSecondsOf,
} from '@serverless-gitlab-runner/fleet';
import { Annotations, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Connections, type IConnectable, type ISecurityGroup, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import { assumeCacheRole } from '../policies/statements.ts';
import { fleetCache } from './fleet-cache.ts';
import { documentTier } from './fleet-document.ts';
import { FleetSecurityGroups } from './fleet-security-groups.ts';
import type { JobCache } from './job-cache.ts';
import { JobExecutionRole } from './job-execution-role.ts';
import { lostWebhooksNotice } from './lost-webhooks.ts';
import { managerEgressPorts } from './manager-egress.ts';
import { ManagerTask, type ManagerTaskProps } from './manager-task.ts';
import type { Network } from './network.ts';

/** The fleet, and settings that all fleets share. */
export interface FleetResourcesProps
  extends Omit<ManagerTaskProps, 'fleet' | 'jobExecutionRoleArn' | 'jobTaskRoleArn' | 'jobLogGroup'> {
  readonly fleet: FleetProps;
  readonly network: Network;
  /** The installation's cache, if it has one. */
  readonly cache: JobCache | undefined;
  /** TCP ports that managers may reach in addition to those that settings name. */
  readonly managerEgressPorts: readonly number[];
  /** ECR repositories whose images jobs may name. */
  readonly imageRepositories: readonly string[];
  /** Mirrors of images. Default: those that the fleet names. */
  readonly imageMirrors: readonly string[] | undefined;
  /** Whether a document that is too long for a standard parameter may be an advanced one. */
  readonly advancedDocument: boolean;
  /** Settings of the document that are known at deployment only. They replace the fleet's. */
  readonly deployedSettings: Readonly<Record<string, unknown>>;
  /** How long the log of job tasks is kept. */
  readonly logRetention: RetentionDays;
}

type ParsedFleet = ReturnType<typeof parseFleet>;

/**
 * The resources of one fleet: its document, security groups, job log, and roles. A manager's permissions name no resource of
 * another fleet, so that a job which takes over its manager reaches only its own fleet.
 */
export class FleetResources extends Construct implements IGrantable, IConnectable {
  readonly jobLogGroup: ILogGroup;
  readonly managerRole: Role;
  /** The managers' role, for permissions such as decryption with a key of your own. */
  readonly grantPrincipal: IPrincipal;
  /** The job tasks' security groups: `database.connections.allowDefaultPortFrom(fleet)` lets jobs reach a database. */
  readonly connections: Connections;
  /** Ids of the managers' security groups. */
  readonly managerSecurityGroups: readonly string[];
  /** Explains what happens to a job whose webhook was lost. */
  readonly lostWebhooks: string;

  /** @throws {InvalidFleetConfigError} at synthesis, if the fleet does not match its schema. */
  constructor(scope: Construct, id: string, props: FleetResourcesProps) {
    super(scope, id);
    const fleet = parseFleet(props.fleet);
    this.jobLogGroup = new LogGroup(this, 'JobLog', {
      logGroupName: logGroupNames(props.parameterPrefix).jobs(fleet.name),
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const jobExecution = this.jobExecutionRole(fleet, props);
    this.managerRole = new ManagerTask(this, 'Manager', {
      ...props,
      fleet: fleet.name,
      jobExecutionRoleArn: jobExecution.role.roleArn,
      jobTaskRoleArn: fleet.job.taskRoleArn,
      jobLogGroup: this.jobLogGroup,
    }).taskRole;
    this.grantPrincipal = this.managerRole.grantPrincipal;
    if (fleet.job.imageConfigRegistries.some(parseEcrRegistry))
      jobExecution.grantReadConfigs(this.managerRole);
    this.lostWebhooks = lostWebhooksNotice(fleet, {
      size: { cpu: props.cpu, memory: props.memoryMiB },
      architecture: props.architecture,
      hasPublicIp: fleet.network?.assignPublicIp ?? props.network.assignPublicIp,
    });
    if (safetyLaunchSecondsOf(fleet) === 0) Annotations.of(this).addInfo(this.lostWebhooks);
    const network = fleet.network ?? this.ownNetwork(fleet, props);
    this.managerSecurityGroups = network.managerSecurityGroups;
    this.connections = new Connections({ securityGroups: this.securityGroups(network.jobSecurityGroups) });
    this.document(fleet, network, props);
  }

  /** Their rules for egress are not changed: they allow everything, or are the owner's. */
  private securityGroups(ids: readonly string[]): ISecurityGroup[] {
    return ids.map((id, index) => SecurityGroup.fromSecurityGroupId(this, `JobSecurityGroup${index}`, id));
  }

  private jobExecutionRole({ name, job }: ParsedFleet, props: FleetResourcesProps): JobExecutionRole {
    return new JobExecutionRole(this, 'JobExecution', {
      fleet: name,
      helperImages: props.helperImages,
      logGroup: this.jobLogGroup,
      imageRepositories: props.imageRepositories,
      imageMirrors: props.imageMirrors ?? Object.values(job.registryMirrors),
      parameterPrefix: props.parameterPrefix,
      registrySecretArns: [...new Set(Object.values(job.registryCredentials))],
    });
  }

  /** The SSM parameter with the fleet's configuration. */
  private document(
    fleet: ParsedFleet,
    network: NonNullable<ParsedFleet['network']>,
    props: FleetResourcesProps,
  ): void {
    const { name, network: _network, cache: _cache, ...settings } = fleet;
    const cache = fleetCache(this, fleet, this.managerRole, props.cache);
    if (cache) this.managerRole.addToPolicy(assumeCacheRole(cache.roleArn));
    const document = withDeployed({ version: 1, name, ...settings, network, cache }, props.deployedSettings);
    const stringValue = Stack.of(this).toJsonString(document);
    const tier = documentTier(this, name, {
      document,
      json: stringValue,
      isAdvancedAllowed: props.advancedDocument,
    });
    new StringParameter(this, 'Config', {
      parameterName: parameterNames(props.parameterPrefix, name).config,
      description: `Configuration of the GitLab runner fleet ${name}`,
      stringValue,
      ...(tier === 'advanced' ? { tier: ParameterTier.ADVANCED } : {}),
    });
  }

  private ownNetwork(
    fleet: ParsedFleet,
    { network, environment, ...props }: FleetResourcesProps,
  ): NonNullable<ParsedFleet['network']> {
    const groups = new FleetSecurityGroups(this, 'SecurityGroups', {
      fleet: fleet.name,
      vpcId: network.vpcId,
      managerEgressPorts: managerEgressPorts({ fleet, environment, ports: props.managerEgressPorts }),
    });
    return {
      subnets: [...network.subnetIds],
      managerSecurityGroups: [groups.managerSecurityGroupId],
      jobSecurityGroups: [groups.jobSecurityGroupId],
      assignPublicIp: network.assignPublicIp,
    };
  }
}

/** Groups of settings replace the fleet's own setting by setting, unless the whole group is known at deployment only. */
function withDeployed(
  document: Readonly<Record<string, unknown>>,
  deployed: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const groups = Object.entries(deployed).map(([name, value]) => {
    const own = document[name];
    return [name, isGroup(own) && isGroup(value) ? { ...own, ...value } : value] as const;
  });
  return { ...document, ...Object.fromEntries(groups) };
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Token.isUnresolved(value);
}
