import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { describe, expect, it } from 'vitest';
import { ServerlessGitlabRunner, type ServerlessGitlabRunnerProps } from '../src/serverless-gitlab-runner.ts';
import { textOf } from './support/resolve.ts';
import { JOB_EXECUTION } from './support/roles.ts';
import { roleStatements } from './support/statements.ts';
import { bundle } from './support/synthesise.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const REPOSITORY = 'arn:aws:ecr:eu-west-1:111122223333:repository/ci/runner';

/** A user's own stack with the construct in it. */
function embed(props: (stack: Stack) => ServerlessGitlabRunnerProps = () => ({})): Template {
  const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Platform');
  const code = bundle();
  new ServerlessGitlabRunner(stack, 'Runner', {
    runnerImage: 'registry.test/runner:1',
    jobBaseImage: 'registry.test/job-base:1',
    webhookReceiver: { code },
    runnerLauncher: { code },
    idleReaper: { code },
    ...props(stack),
  });
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

  it('uses the given alarm actions', () => {
    const alarmActionArn = 'arn:aws:sns:eu-west-1:111122223333:on-call';
    const template = embed(() => ({ alarmActions: [{ bind: () => ({ alarmActionArn }) }] }));
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarmActionArn] });
  });
});
