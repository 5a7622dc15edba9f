import {
  CreateClusterCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import {
  type FleetConfigInput,
  MANAGER_CONTAINER,
  MANAGER_STARTED_BY,
  managerFamily,
  parameterNames,
  toTags,
} from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE, readEnvironment } from '@serverless-gitlab-runner/machine';

export const CLUSTER_NAME = 'executor-test';
export const LOG_GROUP = '/executor-test';
const FLEET = 'default';
const ROLE = 'arn:aws:iam::000000000000:role/executor-test';
/** A subnet and a security group of the default VPC that MiniStack creates at its start. */
const SUBNET = 'subnet-00000001';
const SECURITY_GROUP = 'sg-00000001';

/** Images of the sandbox, built by `prepare-docker`. The environment can replace them, to test a real runner by hand. */
const TAG = readEnvironment().SANDBOX_IMAGE_TAG;
const IMAGES = {
  manager: process.env.BENCH_MANAGER_IMAGE ?? `serverless-gitlab-runner/runner:${TAG}`,
  helper: process.env.BENCH_HELPER_IMAGE ?? `serverless-gitlab-runner/job-base:${TAG}`,
};

/** Creates the cluster, and returns its ARN. */
export async function createCluster(ecs: ECSClient): Promise<string> {
  const capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
  const { cluster } = await ecs.send(
    new CreateClusterCommand({ clusterName: CLUSTER_NAME, capacityProviders }),
  );
  return cluster?.clusterArn ?? CLUSTER_NAME;
}

/** Writes the fleet's document and its runner token. */
export async function writeParameters(
  ssm: SSMClient,
  gitlabUrl: string,
  token: string,
  fleet: Partial<FleetConfigInput>,
) {
  const names = parameterNames('/serverless-gitlab-runner', FLEET);
  const config: FleetConfigInput = {
    version: 1,
    name: FLEET,
    gitlabUrl,
    manager: { drainPollSeconds: 0.5, checkIntervalSeconds: 1 },
    network: {
      subnets: [SUBNET],
      managerSecurityGroups: [SECURITY_GROUP],
      jobSecurityGroups: [SECURITY_GROUP],
    },
    ...fleet,
    job: { architecture: HOST_ARCHITECTURE, capacity: ['FARGATE_SPOT', 'FARGATE'], ...fleet.job },
  };
  await ssm.send(
    new PutParameterCommand({ Name: names.config, Type: 'String', Value: JSON.stringify(config) }),
  );
  await ssm.send(new PutParameterCommand({ Name: names.runnerToken, Type: 'SecureString', Value: token }));
}

/** Starts a manager as the launcher does, and returns its task's ARN. */
export async function startManager(ecs: ECSClient, cluster: string): Promise<string> {
  const environment = Object.entries({
    CLUSTER: cluster,
    EVENT_BUS_NAME: 'default',
    HELPER_IMAGE: IMAGES.helper,
    JOB_EXECUTION_ROLE_ARN: ROLE,
    JOB_LOG_GROUP: LOG_GROUP,
    LOG_LEVEL: 'DEBUG',
  }).map(([name, value]) => ({ name, value }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: managerFamily(FLEET),
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      runtimePlatform: { cpuArchitecture: HOST_ARCHITECTURE },
      executionRoleArn: ROLE,
      taskRoleArn: ROLE,
      containerDefinitions: [
        { name: MANAGER_CONTAINER, image: IMAGES.manager, environment, stopTimeout: 120 },
      ],
    }),
  );
  const { tasks, failures } = await ecs.send(
    new RunTaskCommand({
      cluster,
      taskDefinition: managerFamily(FLEET),
      startedBy: MANAGER_STARTED_BY,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }],
      networkConfiguration: { awsvpcConfiguration: { subnets: [SUBNET] } },
      overrides: {
        containerOverrides: [{ name: MANAGER_CONTAINER, environment: [{ name: 'FLEET', value: FLEET }] }],
      },
      tags: toTags({ role: 'manager', fleet: FLEET }),
    }),
  );
  if (!tasks?.[0]?.taskArn) throw new Error(`the manager did not start: ${JSON.stringify(failures)}`);
  return tasks[0].taskArn;
}
