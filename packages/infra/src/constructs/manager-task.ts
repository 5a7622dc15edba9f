import { MANAGER_CONTAINER, managerFamily } from '@serverless-gitlab-runner/fleet';
import { Duration } from 'aws-cdk-lib';
import {
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { managerStatements } from '../policies/manager.ts';
import { managerRolePath } from '../policies/statements.ts';
import type { HelperImages } from './helper-images.ts';
import type { ResolvedImage } from './image-source.ts';

export interface ManagerTaskProps {
  readonly fleet: string;
  readonly parameterPrefix: string;
  readonly clusterArn: string;
  readonly clusterName: string;
  readonly eventBusArn: string;
  readonly eventBusName: string;
  readonly image: ResolvedImage;
  /** The role with which Fargate pulls the manager's image and writes its log; the same for all fleets. */
  readonly executionRole: Role;
  readonly helperImages: HelperImages;
  readonly jobExecutionRoleArn: string;
  /** Role of the fleet's job tasks, if any. */
  readonly jobTaskRoleArn: string | undefined;
  readonly logGroup: ILogGroup;
  readonly jobLogGroup: ILogGroup;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly architecture: 'X86_64' | 'ARM64';
  readonly logLevel: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Fargate's maximum; the manager's jobs continue until then. */
const STOP_TIMEOUT = Duration.seconds(120);

/** The task definition that the launcher runs for a fleet: `gitlab-runner` with this project's custom executor. */
export class ManagerTask extends Construct {
  readonly taskRole: Role;

  constructor(scope: Construct, id: string, props: ManagerTaskProps) {
    super(scope, id);
    this.taskRole = new Role(this, 'TaskRole', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
      path: managerRolePath(this, props.parameterPrefix),
      description: `What a runner manager of fleet ${props.fleet} may do: run, watch and stop its job tasks`,
    });
    for (const statement of managerStatements(this, props)) this.taskRole.addToPolicy(statement);
    const definition = new FargateTaskDefinition(this, 'Definition', {
      family: managerFamily(props.fleet),
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      executionRole: props.executionRole,
      taskRole: this.taskRole,
      runtimePlatform: {
        operatingSystemFamily: OperatingSystemFamily.LINUX,
        cpuArchitecture: CpuArchitecture.of(props.architecture),
      },
    });
    definition.addContainer(MANAGER_CONTAINER, {
      image: ContainerImage.fromRegistry(props.image.uri),
      essential: true,
      stopTimeout: STOP_TIMEOUT,
      logging: LogDrivers.awsLogs({ logGroup: props.logGroup, streamPrefix: MANAGER_CONTAINER }),
      environment: managerEnvironment(props),
    });
  }
}

function managerEnvironment(props: ManagerTaskProps): Record<string, string> {
  return {
    ...props.environment,
    CLUSTER: props.clusterArn,
    EVENT_BUS_NAME: props.eventBusName,
    PARAMETER_PREFIX: props.parameterPrefix,
    HELPER_IMAGE: props.helperImages.X86_64.uri,
    HELPER_IMAGE_ARM64: props.helperImages.ARM64.uri,
    JOB_EXECUTION_ROLE_ARN: props.jobExecutionRoleArn,
    JOB_LOG_GROUP: props.jobLogGroup.logGroupName,
    LOG_LEVEL: props.logLevel,
  };
}
