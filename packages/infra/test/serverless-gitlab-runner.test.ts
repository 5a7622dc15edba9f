import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import {
  ServerlessGitlabRunner,
  type ServerlessGitlabRunnerProps,
  UnknownFleetError,
} from '../src/serverless-gitlab-runner.ts';
import { textOf } from './support/resolve.ts';
import { JOB_EXECUTION } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { bundle } from './support/synthesise.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const REPOSITORY = 'arn:aws:ecr:eu-west-1:111122223333:repository/ci/runner';

/** A user's own stack with the construct in it. */
function embed(
  props: (stack: Stack) => ServerlessGitlabRunnerProps = () => ({}),
  use: (runner: ServerlessGitlabRunner, stack: Stack) => void = () => undefined,
): Template {
  const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Platform');
  const code = bundle();
  const runner = new ServerlessGitlabRunner(stack, 'Runner', {
    runnerImage: 'registry.test/runner:1',
    jobBaseImage: 'registry.test/job-base:1',
    webhookReceiver: { code },
    runnerLauncher: { code },
    idleReaper: { code },
    ...props(stack),
  });
  use(runner, stack);
  return Template.fromStack(stack);
}

describe('ServerlessGitlabRunner', () => {
  it('is the whole installation in one stack, without exports', () => {
    const template = embed();
    template.resourceCountIs('AWS::Lambda::Function', 3);
    template.resourceCountIs('AWS::ECS::Cluster', 1);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 10);
    expect(JSON.stringify(template.toJSON())).not.toContain('Fn::ImportValue');
  });

  it('accepts images from ECR, and lets Fargate pull them', () => {
    const template = embed((stack) => {
      const repository = Repository.fromRepositoryName(stack, 'Images', 'ci/runner');
      return {
        runnerImage: { repository, tag: 'manager-1' },
        jobBaseImage: { repository, tag: 'helper-1' },
      };
    });
    const [definition] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    expect(textOf(definition?.Properties.ContainerDefinitions[0].Image)).toMatch(/\/ci\/runner:manager-1$/);
    const pulls = roleStatements(template).filter(({ actions }) => actions.includes('ecr:BatchGetImage'));
    expect(Object.fromEntries(pulls.map(({ role, resources }) => [role, resources]))).toEqual({
      'Pulls the manager image and writes its log': [REPOSITORY],
      [JOB_EXECUTION]: [REPOSITORY],
    });
  });

  it('lets a database accept connections from the jobs of a fleet', () => {
    const template = embed(undefined, (runner, stack) => {
      const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: ['a'],
      });
      const database = new SecurityGroup(stack, 'Database', { vpc });
      database.connections.allowFrom(runner.fleet('default'), Port.tcp(5432));
    });
    const [rule] = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress'));
    expect(rule?.Properties).toMatchObject({ FromPort: 5432, ToPort: 5432 });
    const source: string = rule?.Properties.SourceSecurityGroupId['Fn::GetAtt'][0];
    expect(template.toJSON().Resources[source].Properties.GroupDescription).toContain(
      'Job tasks of fleet default',
    );
  });

  it('can be granted the use of a key, by its managers and services', () => {
    const template = embed(undefined, (runner, stack) => {
      const key = new Key(stack, 'Key');
      for (const grantee of [
        runner.fleet('default'),
        runner.webhookReceiver,
        runner.runnerLauncher,
        runner.idleReaper,
      ])
        key.grantDecrypt(grantee);
    });
    const allowed = roleStatements(template).filter(
      ({ effect, actions }) => effect === 'Allow' && actions.length === 1 && actions[0] === 'kms:Decrypt',
    );
    expect(allowed.map(({ role }) => role).toSorted()).toEqual([
      'What a runner manager of fleet default may do: run, watch and stop its job tasks',
      'What idle-reaper may do',
      'What runner-launcher may do',
      'What webhook-receiver may do',
    ]);
  });

  it('refuses a fleet that it does not have', () => {
    embed(undefined, (runner) => expect(() => runner.fleet('other')).toThrow(UnknownFleetError));
    expect.assertions(1);
  });

  it('uses the given alarm actions', () => {
    const alarmActionArn = 'arn:aws:sns:eu-west-1:111122223333:on-call';
    const template = embed(() => ({ alarmActions: [{ bind: () => ({ alarmActionArn }) }] }));
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarmActionArn] });
  });
});
