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
import { EmulatorFixture, shell } from './support/emulator-fixture.ts';

const NOT_ASSUMED =
  'Unable to assume the service linked role. Please verify that the ECS service linked role exists.';
const capacityProviders = ['FARGATE'];

let fixture: EmulatorFixture;
let iam: IAMClient;
let switches: EmulatorSwitches;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('new-account');
  iam = new IAMClient(fixture.clientOptions);
  switches = new EmulatorSwitches(fixture.emulator.endpoint);
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

function createRole() {
  return iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName: 'ecs.amazonaws.com' }));
}

function createCluster(clusterName: string) {
  return fixture.ecs.send(new CreateClusterCommand({ clusterName, capacityProviders }));
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

  it('refuses a cluster with capacity providers, but creates the role for later ones', async () => {
    await expect(createCluster('first')).rejects.toThrow(NOT_ASSUMED);
    await until('the role', async () => (await switches.account()).usable || undefined);
    expect((await createCluster('first')).cluster?.status).toBe('ACTIVE');
  });

  it('accepts a cluster without capacity providers', async () => {
    const { cluster } = await fixture.ecs.send(new CreateClusterCommand({ clusterName: 'plain' }));
    expect(cluster?.status).toBe('ACTIVE');
  });

  it('gets the role by a single CreateServiceLinkedRole, and returns it after a delay', async () => {
    await createRole();
    await expect(createRole()).rejects.toThrow('has been taken in this account');
    await expect(iam.send(new GetRoleCommand({ RoleName: 'AWSServiceRoleForECS' }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    await until('the role', async () => (await switches.account()).usable || undefined);
    expect((await createCluster('second')).cluster?.status).toBe('ACTIVE');
  });

  it('refuses callers that may not create the role', async () => {
    await switches.setAccount({ new: true, mayCreateRole: false });
    await expect(createRole()).rejects.toThrow('is not authorized to perform: iam:CreateServiceLinkedRole');
  });

  it("fails CloudFormation's cluster with AWS's message", async () => {
    const cloudFormation = new CloudFormationClient(fixture.clientOptions);
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
  it('refuses while a task is active, even if it is stopping', async () => {
    await switches.setAccount({ new: false });
    await createCluster('busy');
    const family = await fixture.register([
      shell('main', 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.05; done'),
    ]);
    const task = await fixture.run(family, { cluster: 'busy' });
    const remove = () => fixture.ecs.send(new DeleteClusterCommand({ cluster: 'busy' }));
    await expect(remove()).rejects.toMatchObject({ name: 'ClusterContainsTasksException' });
    await fixture.ecs.send(new StopTaskCommand({ cluster: 'busy', task: task.taskArn }));
    await expect(remove()).rejects.toMatchObject({ name: 'ClusterContainsTasksException' });
    await until('the end of the task', async () => {
      const answer = await remove().catch(() => undefined);
      return answer?.cluster?.status === 'INACTIVE' || undefined;
    });
    await expect(fixture.ecs.send(new ListTasksCommand({ cluster: 'busy' }))).rejects.toMatchObject({
      name: 'ClusterNotFoundException',
    });
  });
});
