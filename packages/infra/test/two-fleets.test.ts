import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { textOf } from './support/resolve.ts';
import { cacheOf, jobExecutionOf, managerOf } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { type Context, stackOf } from './support/synthesise.ts';

/** One name is a prefix of the other: a policy with a wildcard after a name would match both. */
const FLEETS = ['a', 'a-b'] as const;
const SECRET = (fleet: string) =>
  `arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-of-${fleet}-AbCdEf`;
const TASK_ROLE = (fleet: string) => `arn:aws:iam::111122223333:role/deployer-of-${fleet}`;

const template = stackOf('shared', {
  cache: {},
  fleets: FLEETS.map((name) => ({
    name,
    job: { taskRoleArn: TASK_ROLE(name), registryCredentials: { 'docker.io': SECRET(name) } },
  })),
});

function groupsOf(from: Template, type: string) {
  return Object.entries(from.findResources(type)).map(([id, { Properties }]) => ({ id, ...Properties }));
}

describe('two fleets, of which one name is a prefix of the other', () => {
  it.each(FLEETS)('"%s" has its own manager, roles, groups, document and logs', (fleet) => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Family: `serverless-gitlab-runner-manager-${fleet}`,
    });
    const roles = new Set(roleStatements(template).map(({ role }) => role));
    for (const role of [managerOf(fleet), jobExecutionOf(fleet), cacheOf(fleet)])
      expect(roles).toContain(role);
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: `/serverless-gitlab-runner/jobs/${fleet}`,
    });
  });

  it.each([
    ['a', 'a-b'],
    ['a-b', 'a'],
  ])('no role of %s names a resource of %s', (fleet, other) => {
    const id = other.replace('-', '');
    const ofOther = new RegExp(`(/|:|-)${other}(/|_|-AbCdEf|$)|SharedFleet${id}[A-Z]`);
    const own = roleStatements(template).filter(({ role }) =>
      [managerOf(fleet), jobExecutionOf(fleet), cacheOf(fleet)].includes(role),
    );
    const reaching = own.filter(({ resources, conditions }) =>
      [...resources, ...Object.values(conditions).flatMap((keys) => Object.values(keys).flat())].some(
        (text) => ofOther.test(text),
      ),
    );
    expect(reaching).toEqual([]);
    expect(own.some(({ resources }) => resources.some((text) => text.includes(SECRET(fleet))))).toBe(true);
  });

  it('each let only their own managers reach the helpers of their jobs', () => {
    const groups = groupsOf(template, 'AWS::EC2::SecurityGroup');
    const idOf = (description: string) =>
      groups.find(({ GroupDescription }) => GroupDescription.startsWith(description))?.id;
    for (const fleet of FLEETS) {
      const managers = idOf(`Runner managers of fleet ${fleet}:`);
      const jobs = groups.find(({ GroupDescription }) =>
        GroupDescription.startsWith(`Job tasks of fleet ${fleet}:`),
      );
      expect(jobs?.SecurityGroupIngress).toEqual([
        expect.objectContaining({
          FromPort: 10_022,
          SourceSecurityGroupId: { 'Fn::GetAtt': [managers, 'GroupId'] },
        }),
      ]);
      template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
        GroupId: { 'Fn::GetAtt': [managers, 'GroupId'] },
        DestinationSecurityGroupId: { 'Fn::GetAtt': [jobs?.id, 'GroupId'] },
        FromPort: 10_022,
      });
    }
  });
});

describe('the egress ports of managers', () => {
  const portsOf = (context: Context) =>
    groupsOf(stackOf('shared', context), 'AWS::EC2::SecurityGroup')
      .filter(({ GroupDescription }) => GroupDescription.startsWith('Runner managers'))
      .flatMap(({ SecurityGroupEgress }) => SecurityGroupEgress)
      .map(({ IpProtocol, FromPort, ToPort }) => {
        expect(ToPort).toBe(FromPort);
        return `${IpProtocol} ${FromPort}`;
      });

  it('are HTTPS and DNS', () => {
    expect(portsOf({})).toEqual(['tcp 443', 'udp 53', 'tcp 53']);
  });

  it('include those that settings name', () => {
    const fleet = {
      name: 'default',
      gitlabUrl: 'http://gitlab.example.com',
      cloneUrl: 'https://gitlab.example.com:8443',
      job: { imageConfigRegistries: ['docker.io', 'registry.example.com:5050'] },
    };
    const context = {
      fleets: [fleet],
      managerEnvironment: { HTTPS_PROXY: 'http://proxy:3128', OTHER: 'http://x:1' },
      managerEgressPorts: [8200],
    };
    expect(portsOf(context).filter((port) => !port.endsWith(' 53'))).toEqual([
      'tcp 80',
      'tcp 443',
      'tcp 3128',
      'tcp 5050',
      'tcp 8200',
      'tcp 8443',
    ]);
  });
});

describe('caches of two fleets in one bucket', () => {
  const withPrefixes = (...prefixes: (string | undefined)[]) =>
    stackOf('shared', {
      cache: {},
      fleets: prefixes.map((prefix, index) => ({
        name: FLEETS[index],
        ...(prefix === undefined ? {} : { cache: { prefix } }),
      })),
    });

  it('have separate prefixes', () => {
    const objects = roleStatements(withPrefixes(undefined, undefined))
      .filter(({ actions }) => actions.includes('s3:GetObject'))
      .flatMap(({ resources }) => resources.map((resource) => resource.replace(/^[^/]*/, '')));
    expect(objects).toEqual(['/a/*', '/a-b/*']);
  });

  it.each([[['a-b', undefined]], [['ci', 'ci/large']], [[undefined, 'a/large']]])(
    'are rejected if one role would open the other cache: %j',
    (prefixes) => {
      expect(() => withPrefixes(...prefixes)).toThrow(/cache\.prefix/);
    },
  );

  it('are shared if both name the same prefix', () => {
    const config = (fleet: string) =>
      Object.values(
        withPrefixes('ci', 'ci').findResources('AWS::SSM::Parameter', {
          Properties: { Name: `/serverless-gitlab-runner/fleets/${fleet}/config` },
        }),
      ).map(({ Properties }) => JSON.parse(textOf(Properties.Value)).cache.prefix);
    expect([...config('a'), ...config('a-b')]).toEqual(['ci', 'ci']);
  });
});
