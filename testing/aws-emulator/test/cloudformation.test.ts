import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeClustersCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLUSTER, EmulatorFixture, IMAGE, NETWORK } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;
let cloudformation: CloudFormationClient;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('cloudformation');
  cloudformation = new CloudFormationClient(fixture.clientOptions);
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

/** Creates a stack and returns its final status. */
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
    Command: ['test -e /data/created-by-init && test "$FLAG" = true && exit 4'],
    MountPoints: [{ SourceVolume: 'data', ContainerPath: '/data', ReadOnly: true }],
    DependsOn: [{ ContainerName: 'init', Condition: 'SUCCESS' }],
  };
  const init = {
    ...container,
    Name: 'init',
    Essential: 'false',
    Command: ['touch /data/created-by-init'],
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

it('CloudFormation accepts saved queries over log groups that do not exist yet, and refuses invalid names', async () => {
  const query = (Name: string, LogGroupNames: string[]) => ({
    Type: 'AWS::Logs::QueryDefinition',
    Properties: { Name, QueryString: 'fields @message', LogGroupNames },
  });
  expect(await deploy('queries', { Query: query('folder/one job', ['/not/there/yet']) })).toBe(
    'CREATE_COMPLETE',
  );
  expect(await deploy('wrong-name', { Query: query('one: job', ['/not/there/yet']) })).toMatch(/^ROLLBACK/);
  expect(await deploy('wrong-group', { Query: query('one job', ['not a group']) })).toMatch(/^ROLLBACK/);
});

it('CloudFormation creates task definitions with working nested members, and clusters with capacity providers', async () => {
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
  const { clusters } = await fixture.ecs.send(new DescribeClustersCommand({ clusters: ['stacked'] }));
  expect(clusters?.[0]?.capacityProviders).toEqual(['FARGATE', 'FARGATE_SPOT']);
  const request = { taskDefinition: 'from-a-stack', networkConfiguration: NETWORK };
  const { tasks } = await fixture.ecs.send(new RunTaskCommand({ ...request, cluster: 'stacked' }));
  expect(tasks?.[0]?.capacityProviderName).toBe('FARGATE_SPOT');
  const task = await fixture.reach(await fixture.run('from-a-stack', { cluster: CLUSTER }), 'STOPPED');
  expect(task.containers?.map((container) => [container.name, container.exitCode])).toEqual([
    ['main', 4],
    ['init', 0],
  ]);
});

it('CloudFormation creates security groups that reference each other, by a separate egress rule', async () => {
  const group = (GroupDescription: string, more = {}) => ({
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { GroupDescription, ...more },
  });
  const port = { IpProtocol: 'tcp', FromPort: 10_022, ToPort: 10_022 };
  const https = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' };
  const egress = (destination: Record<string, unknown>) => ({
    Type: 'AWS::EC2::SecurityGroupEgress',
    Properties: { ...port, GroupId: { 'Fn::GetAtt': ['From', 'GroupId'] }, ...destination },
  });
  const to = { DestinationSecurityGroupId: { 'Fn::GetAtt': ['To', 'GroupId'] } };
  const From = group('from', { SecurityGroupEgress: [https] });
  const ingress = { ...port, SourceSecurityGroupId: { 'Fn::GetAtt': ['From', 'GroupId'] } };
  const To = group('to', { SecurityGroupIngress: [ingress] });
  expect(await deploy('groups', { From, To, Out: egress(to) })).toBe('CREATE_COMPLETE');
  const physical = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: 'groups' }));
  const idOf = (id: string) =>
    physical.StackResources?.find(({ LogicalResourceId }) => LogicalResourceId === id)?.PhysicalResourceId;
  const answer = await describeGroup(idOf('From') ?? '');
  const egressRules = answer.slice(answer.indexOf('<ipPermissionsEgress>'));
  expect(egressRules).toContain('<fromPort>443</fromPort>');
  expect(egressRules).toMatch(
    new RegExp(`<fromPort>10022</fromPort>.*<groupId>${idOf('To')}</groupId>`, 's'),
  );
  expect(await deploy('groups-2', { From, Out: egress({}) })).toBe('ROLLBACK_COMPLETE');
  expect(await deploy('groups-3', { From, Out: egress({ DestinationSecurityGroupId: 'sg-0' }) })).toBe(
    'ROLLBACK_COMPLETE',
  );
});

/** EC2's XML description of a security group. */
async function describeGroup(id: string): Promise<string> {
  const body = new URLSearchParams({
    Action: 'DescribeSecurityGroups',
    Version: '2016-11-15',
    'GroupId.1': id,
  });
  const credential = 'Credential=test/20260101/us-east-1/ec2/aws4_request';
  const response = await fetch(fixture.clientOptions.endpoint, {
    method: 'POST',
    body,
    headers: { authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0` },
  });
  return response.text();
}

it("CloudFormation refuses what Fargate refuses, with Fargate's message", async () => {
  const status = await deploy('bad', { Task: taskDefinition('refused', { Memory: '4096' }) });
  expect(status).toBe('ROLLBACK_COMPLETE');
  const { StackEvents = [] } = await cloudformation.send(
    new DescribeStackEventsCommand({ StackName: 'bad' }),
  );
  const reasons = StackEvents.map((event) => event.ResourceStatusReason ?? '').join('\n');
  expect(reasons).toContain('No Fargate configuration exists for given values: 256 CPU, 4096 memory');
});
