import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeClustersCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLUSTER, IMAGE, NETWORK, TestBed } from './support/emulator-fixture.ts';
import { until } from './support/until.ts';

let bed: TestBed;
let cloudformation: CloudFormationClient;

beforeAll(async () => {
  bed = await TestBed.start('cloudformation');
  cloudformation = new CloudFormationClient(bed.clientOptions);
}, 180_000);

afterAll(async () => {
  await bed?.stop();
}, 60_000);

/** Creates a stack and returns its status once it is settled. */
async function deploy(StackName: string, Resources: Record<string, unknown>): Promise<string> {
  const TemplateBody = JSON.stringify({ Resources });
  await cloudformation.send(new CreateStackCommand({ StackName, TemplateBody }));
  return await until('the end of the deployment', async () => {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    const status = Stacks?.[0]?.StackStatus ?? '';
    return /^CREATE_IN|^ROLLBACK_IN/.test(status) ? undefined : status;
  });
}

function taskDefinition(family: string, more: Record<string, unknown> = {}) {
  const container = {
    Name: 'main',
    Image: IMAGE,
    EntryPoint: ['/bin/sh', '-c'],
    Environment: [{ Name: 'FLAG', Value: 'true' }],
    Command: ['test -e /data/made-by-init && test "$FLAG" = true && exit 4'],
    MountPoints: [{ SourceVolume: 'data', ContainerPath: '/data', ReadOnly: true }],
    DependsOn: [{ ContainerName: 'init', Condition: 'SUCCESS' }],
  };
  const init = {
    ...container,
    Name: 'init',
    Essential: 'false',
    Command: ['touch /data/made-by-init'],
    MountPoints: [{ SourceVolume: 'data', ContainerPath: '/data' }],
    DependsOn: [],
  };
  const Properties = {
    Family: family,
    RequiresCompatibilities: ['FARGATE'],
    NetworkMode: 'awsvpc',
    Cpu: '256',
    Memory: '512',
    Volumes: [{ Name: 'data' }],
    ContainerDefinitions: [container, init],
    ...more,
  };
  return { Type: 'AWS::ECS::TaskDefinition', Properties };
}

it('CloudFormation makes task definitions whose nested members work, and gives clusters their capacity providers', async () => {
  const status = await deploy('good', {
    Task: taskDefinition('from-a-stack'),
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: 'stacked' } },
    Providers: {
      Type: 'AWS::ECS::ClusterCapacityProviderAssociations',
      Properties: {
        Cluster: { Ref: 'Cluster' },
        CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
        DefaultCapacityProviderStrategy: [{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }],
      },
    },
  });
  expect(status).toBe('CREATE_COMPLETE');
  const { clusters } = await bed.ecs.send(new DescribeClustersCommand({ clusters: ['stacked'] }));
  expect(clusters?.[0]?.capacityProviders).toEqual(['FARGATE', 'FARGATE_SPOT']);
  const request = { taskDefinition: 'from-a-stack', networkConfiguration: NETWORK };
  const { tasks } = await bed.ecs.send(new RunTaskCommand({ ...request, cluster: 'stacked' }));
  expect(tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT');
  const task = await bed.reach(await bed.run('from-a-stack', { cluster: CLUSTER }), 'STOPPED');
  expect(task.containers?.map((container) => [container.name, container.exitCode])).toEqual([
    ['main', 4],
    ['init', 0],
  ]);
});

it('CloudFormation refuses what Fargate refuses, in its words', async () => {
  const status = await deploy('bad', { Task: taskDefinition('refused', { Memory: '4096' }) });
  expect(status).toBe('ROLLBACK_COMPLETE');
  const { StackEvents = [] } = await cloudformation.send(
    new DescribeStackEventsCommand({ StackName: 'bad' }),
  );
  const reasons = StackEvents.map((event) => event.ResourceStatusReason ?? '').join('\n');
  expect(reasons).toContain('No Fargate configuration exists for given values: 256 CPU, 4096 memory');
});
