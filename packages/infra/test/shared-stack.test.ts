import { parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './support/resolve.ts';
import { type Context, stackOf } from './support/synthesise.ts';

let template: Template;
beforeAll(() => {
  template = stackOf('shared', { services: [] });
});

describe('the network', () => {
  it('has public subnets in two zones and no idle costs', () => {
    template.resourceCountIs('AWS::EC2::Subnet', 2);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::EIP', 0);
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
  });

  it('allows ingress only from managers to the SSH port of job tasks', () => {
    const groups = Object.entries(template.findResources('AWS::EC2::SecurityGroup'));
    const ingress = groups.map(([, group]) => [
      group.Properties.GroupDescription,
      group.Properties.SecurityGroupIngress ?? [],
    ]);
    const managers = groups.find(([, group]) => /no way in/.test(group.Properties.GroupDescription));
    expect(Object.fromEntries(ingress)).toEqual({
      'Runner managers of fleet default: no way in': [],
      'Job tasks of fleet default: SSH from their managers only': [
        expect.objectContaining({
          IpProtocol: 'tcp',
          FromPort: 10022,
          ToPort: 10022,
          SourceSecurityGroupId: { 'Fn::GetAtt': [managers?.[0], 'GroupId'] },
        }),
      ],
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  it('can be an existing one', () => {
    const network = { vpcId: 'vpc-0123456789abcdef0', subnets: ['subnet-1', 'subnet-2'] };
    const existing = stackOf('shared', { services: [], network });
    existing.resourceCountIs('AWS::EC2::VPC', 0);
    existing.allResourcesProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0123456789abcdef0' });
    expect(fleetDocument(existing, 'default').network).toMatchObject({
      subnets: ['subnet-1', 'subnet-2'],
      assignPublicIp: false,
    });
  });
});

describe('the cluster', () => {
  it('offers Fargate and Fargate Spot and no paid metrics', () => {
    template.hasResourceProperties('AWS::ECS::Cluster', {
      ClusterName: 'serverless-gitlab-runner',
      CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      ClusterSettings: [{ Name: 'containerInsights', Value: 'disabled' }],
    });
  });
});

describe('the manager', () => {
  it('is the smallest Fargate task except for its memory, and may take two minutes to stop', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Family: 'serverless-gitlab-runner-manager-default',
      Cpu: '256',
      Memory: '1024',
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
      ContainerDefinitions: [
        Match.objectLike({
          Name: 'manager',
          Image: 'registry.test/runner:1',
          Essential: true,
          StopTimeout: 120,
        }),
      ],
    });
  });

  it('gets the variables that it reads, and no secret', () => {
    const variables = managerVariables(template);
    expect(Object.keys(variables).sort()).toEqual([
      'CLUSTER',
      'EVENT_BUS_NAME',
      'HELPER_IMAGE',
      'HELPER_IMAGE_ARM64',
      'JOB_EXECUTION_ROLE_ARN',
      'JOB_LOG_GROUP',
      'LOG_LEVEL',
      'PARAMETER_PREFIX',
    ]);
    expect(variables).toMatchObject({
      CLUSTER: expect.stringMatching(/Cluster.*\.Arn/),
      HELPER_IMAGE: 'registry.test/job-base:1',
      HELPER_IMAGE_ARM64: 'registry.test/job-base:1',
      PARAMETER_PREFIX: '/serverless-gitlab-runner',
      LOG_LEVEL: 'INFO',
    });
  });

  it('gets additional variables, which do not override its own', () => {
    const managerEnvironment = { HTTPS_PROXY: 'http://proxy:3128', CLUSTER: 'another' };
    const variables = managerVariables(stackOf('shared', { services: [], managerEnvironment }));
    expect(variables.HTTPS_PROXY).toBe('http://proxy:3128');
    expect(variables.CLUSTER).not.toBe('another');
  });

  it.each<[string, Context, object]>([
    ['size', { managerCpu: '512', managerMemoryMiB: '2048' }, { Cpu: '512', Memory: '2048' }],
    [
      'architecture',
      { managerArchitecture: 'ARM64' },
      { RuntimePlatform: Match.objectLike({ CpuArchitecture: 'ARM64' }) },
    ],
  ])('has a configurable %s', (_what, context, properties) => {
    stackOf('shared', { services: [], ...context }).hasResourceProperties(
      'AWS::ECS::TaskDefinition',
      properties,
    );
  });
});

describe('logs', () => {
  it('of managers and of job tasks have their own groups and are kept for two weeks', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup')).map(({ Properties }) => [
      Properties.LogGroupName,
      Properties.RetentionInDays,
    ]);
    expect(groups).toEqual([
      ['/serverless-gitlab-runner/managers', 14],
      ['/serverless-gitlab-runner/jobs/default', 14],
    ]);
  });
});

describe('a fleet', () => {
  it('has a document that the services can read, with the network filled in', () => {
    const fleet = fleetDocument(template, 'default');
    expect(fleet).toMatchObject({ name: 'default', gitlabUrl: 'https://gitlab.com' });
    expect(fleet.network.subnets).toHaveLength(2);
    expect(fleet.network.assignPublicIp).toBe(true);
    expect(fleet.network.managerSecurityGroups).not.toEqual(fleet.network.jobSecurityGroups);
  });

  it('can be one of several, each with its own parameter and commands', () => {
    const runner = { tagList: ['arm'], runUntagged: false };
    const arm = { name: 'linux-arm', job: { architecture: 'ARM64' }, runner, gitlabApi: {} };
    const fleets = [{ name: 'default' }, arm];
    const several = stackOf('shared', { services: [], fleets, parameterPrefix: '/ci/runner' });
    expect(fleetDocument(several, 'linux-arm', '/ci/runner').job.architecture).toBe('ARM64');
    expect(fleetDocument(several, 'linux-arm', '/ci/runner')).toMatchObject({
      runner: { ...runner, accessLevel: 'not_protected' },
      gitlabApi: { projects: [] },
    });
    const outputs = Object.keys(several.findOutputs('*'));
    expect(outputs).toEqual(
      expect.arrayContaining(['WebhookSecretCommandLinuxArm', 'RunnerTokenCommandDefault']),
    );
    expect(outputs.filter((name) => name.startsWith('ApiToken'))).toEqual(['ApiTokenCommandLinuxArm']);
  });

  it('keeps its own network', () => {
    const network = { subnets: ['subnet-a'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
    const own = stackOf('shared', { services: [], fleets: [{ name: 'default', network }] });
    expect(fleetDocument(own, 'default').network).toEqual({ ...network, assignPublicIp: false });
    own.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  it('has no secret in the template; outputs have the commands that create them', () => {
    const names = Object.values(
      template.findResources('AWS::SSM::Parameter', { Properties: { Type: 'String' } }),
    );
    expect(names.map(({ Properties }) => Properties.Name).sort()).toEqual([
      '/serverless-gitlab-runner/fleets/default/config',
      '/serverless-gitlab-runner/settings/fleets/default',
      '/serverless-gitlab-runner/settings/installation',
    ]);
    template.resourceCountIs('AWS::SSM::Parameter', 3);
    template.hasOutput('RunnerTokenCommandDefault', {
      Value: Match.stringLikeRegexp(
        '^read -rs SECRET; .* \\| aws ssm put-parameter --type SecureString --overwrite --name /serverless-gitlab-runner/fleets/default/runner-token --value file:///dev/stdin',
      ),
    });
    template.hasOutput('WebhookSecretCommandDefault', {
      Value: Match.stringLikeRegexp('/default/webhook-secret '),
    });
  });
});

describe('exports', () => {
  it('do not depend on which services are synthesised', () => {
    expect(template.toJSON()).toEqual(stackOf('shared').toJSON());
  });

  it('include everything that the services import', () => {
    const exported = Object.values(template.findOutputs('*')).flatMap(({ Export }) => Export?.Name ?? []);
    const texts = ['webhook-receiver', 'runner-launcher', 'idle-reaper'].map((name) =>
      JSON.stringify(stackOf(name).toJSON()),
    );
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/"Fn::ImportValue":"([^"]+)"/g)].map(([, name]) => name),
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !exported.includes(name))).toEqual([]);
  });
});

/** A fleet's document as the services read it, after CloudFormation has replaced references by ids. */
function fleetDocument(from: Template, fleet: string, prefix = '/serverless-gitlab-runner') {
  const name = `${prefix}/fleets/${fleet}/config`;
  const [parameter] = Object.values(
    from.findResources('AWS::SSM::Parameter', { Properties: { Name: name } }),
  );
  const document = textOf(parameter?.Properties.Value)
    .replaceAll(/\{\w*Subnet(\d)\w*\}/g, 'subnet-$1')
    .replaceAll(/\{(\w+)\.GroupId\}/g, 'sg-$1');
  return parseFleetConfig(name, document);
}

function managerVariables(from: Template): Record<string, string> {
  const [definition] = Object.values(from.findResources('AWS::ECS::TaskDefinition'));
  const variables: { Name: string; Value: unknown }[] =
    definition?.Properties.ContainerDefinitions[0].Environment;
  return Object.fromEntries(variables.map(({ Name, Value }) => [Name, textOf(Value)]));
}
