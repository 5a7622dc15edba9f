import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  ListTasksCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { CreateServiceLinkedRoleCommand, GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import { shell, TestBed } from './support/emulator-fixture.ts';

const NOT_ASSUMED =
  'Unable to assume the service linked role. Please verify that the ECS service linked role exists.';
const capacityProviders = ['FARGATE'];

let bed: TestBed;
let iam: IAMClient;
let switches: EmulatorSwitches;

beforeAll(async () => {
  bed = await TestBed.start('new-account');
  iam = new IAMClient(bed.clientOptions);
  switches = new EmulatorSwitches(bed.emulator.endpoint);
}, 180_000);

afterAll(async () => {
  await bed?.stop();
}, 60_000);

function createRole() {
  return iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'ecs.amazonaws.com' }));
}

function createCluster(clusterName: string) {
  return bed.ecs.send(new CreateClusterCommand({ clusterName, capacityProviders }));
}

it('an account that has used ECS has its service-linked role', async () => {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: 'AWSServiceRoleForECS' }));
  expect(Role?.Arn).toMatch(/role\/aws-service-role\/ecs\.amazonaws\.com\/AWSServiceRoleForECS$/);
  await expect(createRole()).rejects.toMatchObject({
    name: 'InvalidInputException',
    message: expect.stringContaining('has been taken in this account'),
  });
});

describe('a new account', () => {
  beforeEach(() => switches.setAccount({ new: true, lagSeconds: 1 }));

  it('refuses a cluster with capacity providers, which makes the role: too late for that cluster', async () => {
    await expect(createCluster('first')).rejects.toThrow(NOT_ASSUMED);
    await until('the role', async () => (await switches.account()).usable || undefined);
    expect((await createCluster('first')).cluster?.status).toBe('ACTIVE');
  });

  it('takes a cluster that names no provider', async () => {
    const { cluster } = await bed.ecs.send(new CreateClusterCommand({ clusterName: 'plain' }));
    expect(cluster?.status).toBe('ACTIVE');
  });

  it('gets the role by CreateServiceLinkedRole, once, and shows it a moment later', async () => {
    await createRole();
    await expect(createRole()).rejects.toThrow('has been taken in this account');
    await expect(iam.send(new GetRoleCommand({ RoleName: 'AWSServiceRoleForECS' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    await until('the role', async () => (await switches.account()).usable || undefined);
    expect((await createCluster('second')).cluster?.status).toBe('ACTIVE');
  });

  it('says who may not create it', async () => {
    await switches.setAccount({ new: true, mayCreateRole: false });
    await expect(createRole()).rejects.toThrow('is not authorized to perform: iam:CreateServiceLinkedRole');
  });

  it("fails CloudFormation's cluster in AWS's words", async () => {
    const cloudFormation = new CloudFormationClient(bed.clientOptions);
    const Resources = {
      Cluster: { Type: 'AWS::ECS::Cluster', Properties: { CapacityProviders: ['FARGATE'] } },
    };
    const StackName = 'new-account';
    await cloudFormation.send(
      new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources }) }),
    );
    await until('the end of the stack', async () => {
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
      return Stacks?.[0]?.StackStatus === 'ROLLBACK_COMPLETE' || undefined;
    });
    const { StackEvents } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
    expect(StackEvents?.map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n')).toContain(
      NOT_ASSUMED,
    );
  });
});

describe('DeleteCluster', () => {
  it('refuses while a task is active, a stopping one too', async () => {
    await switches.setAccount({ new: false });
    await createCluster('busy');
    const family = await bed.register([
      shell('main', 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.05; done'),
    ]);
    const task = await bed.run(family, { cluster: 'busy' });
    const remove = () => bed.ecs.send(new DeleteClusterCommand({ cluster: 'busy' }));
    await expect(remove()).rejects.toMatchObject({ name: 'ClusterContainsTasksException' });
    await bed.ecs.send(new StopTaskCommand({ cluster: 'busy', task: task.taskArn }));
    await expect(remove()).rejects.toMatchObject({ name: 'ClusterContainsTasksException' });
    await until('the end of the task', async () => {
      const answer = await remove().catch(() => undefined);
      return answer?.cluster?.status === 'INACTIVE' || undefined;
    });
    await expect(bed.ecs.send(new ListTasksCommand({ cluster: 'busy' }))).rejects.toMatchObject({
      name: 'ClusterNotFoundException',
    });
  });
});
