import { type ServiceName, SINGLE_STACK } from '@serverless-gitlab-runner/fleet';
import { type App, CfnCondition, CfnParameter, Fn, Stack, Token } from 'aws-cdk-lib';
import { CfnAlarm, CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnSecurityGroupEgress } from 'aws-cdk-lib/aws-ec2';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { SharedResourcesProps } from '../constructs/shared-resources.ts';
import { PULL_ACTIONS, readImages } from '../policies/statements.ts';
import { ServerlessGitlabRunner } from '../serverless-gitlab-runner.ts';
import {
  addLauncherOutputs,
  addReaperOutputs,
  addReceiverOutputs,
  addSharedOutputs,
} from '../stacks/outputs.ts';
import { type DefaultImages, HTTPS, NO_TOPIC, type ParameterName, templateParameters } from './parameters.ts';

export interface TemplateStackProps {
  /** File names of the services' code, below the parameter `CodePrefix`. */
  readonly codeFiles: Readonly<Record<ServiceName, string>>;
  /** Defaults of the parameters with images. */
  readonly images: DefaultImages;
}

/**
 * The whole installation in one stack, as a template that needs no CDK: what an app decides at synthesis are its parameters. It
 * has one fleet, `default`. An installation with several is deployed with `sgr init` or the construct.
 */
export class TemplateStack extends Stack {
  private readonly parameters: ReadonlyMap<string, CfnParameter>;

  constructor(scope: App, { codeFiles, images }: TemplateStackProps) {
    super(scope, SINGLE_STACK, {
      description: 'serverless-gitlab-runner: GitLab CI jobs on ECS Fargate, at no cost while nobody pushes',
    });
    this.parameters = new Map(
      Object.entries(templateParameters(images)).map(([name, props]) => [
        name,
        new CfnParameter(this, name, props),
      ]),
    );
    const bucket = Bucket.fromBucketName(this, 'Code', this.text('CodeBucket'));
    const service = (name: ServiceName) => ({
      code: Code.fromBucketV2(bucket, `${this.text('CodePrefix')}${codeFiles[name]}`),
      logLevel: this.text('LogLevel'),
    });
    const runner = new ServerlessGitlabRunner(this, 'Runner', {
      ...this.shared(),
      webhookReceiver: { ...service('webhook-receiver'), endpoint: 'function-url' },
      runnerLauncher: service('runner-launcher'),
      idleReaper: service('idle-reaper'),
    });
    this.letManagersPullImages(runner);
    this.letManagersReachGitlab(runner);
    this.notifyOfAlarms();
    this.makeDashboardOptional();
    addSharedOutputs(this, runner.shared);
    addReceiverOutputs(this, runner.webhookReceiver);
    addLauncherOutputs(this, runner.runnerLauncher);
    addReaperOutputs(this, runner.idleReaper);
  }

  private shared(): SharedResourcesProps {
    const vpc = { vpcId: this.text('VpcId'), publicSubnets: [], privateSubnets: [] };
    const subnets = { 'Fn::Join': ['","', { Ref: 'SubnetIds' satisfies ParameterName }] };
    return {
      network: { vpc },
      runnerImage: this.text('ManagerImage'),
      jobBaseImage: this.text('HelperImage'),
      jobImageRepositories: [this.text('ImageRepositories')],
      logLevel: this.text('LogLevel'),
      deployedSettings: {
        gitlabUrl: this.text('GitLabUrl'),
        manager: this.json('ManagerSettings'),
        job: this.json('JobSettings'),
        ahead: this.json('AheadSettings'),
        webhook: this.json('WebhookSettings'),
        safetyLaunchSeconds: this.json('SafetyLaunchSeconds'),
        network: {
          subnets: asJson({ 'Fn::Join': ['', ['["', subnets, '"]']] }),
          assignPublicIp: this.json('AssignPublicIp'),
        },
      },
    };
  }

  /** Jobs' images are pulled by another role, which may read the same repositories. */
  private letManagersPullImages({ shared }: ServerlessGitlabRunner): void {
    const { managerExecutionRole: role } = shared;
    const repositories = this.formatArn({
      service: 'ecr',
      resource: 'repository',
      resourceName: this.text('ImageRepositories'),
    });
    for (const statement of readImages('PullManagerImage', PULL_ACTIONS, [repositories]))
      role.addToPolicy(statement);
  }

  /** Managers may reach port 443 anyway, and EC2 refuses a rule that a group has already. */
  private letManagersReachGitlab({ shared }: ServerlessGitlabRunner): void {
    const port = this.parameter('GitLabPort').valueAsNumber;
    const hasOtherPort = new CfnCondition(this, 'HasOtherGitLabPort', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.text('GitLabPort'), `${HTTPS}`)),
    });
    for (const [name, { managerSecurityGroups }] of shared.fleetResources)
      for (const groupId of managerSecurityGroups) {
        const rule = new CfnSecurityGroupEgress(this, `${name}-ManagersToGitLab`, {
          groupId,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          cidrIp: '0.0.0.0/0',
          description: 'GitLab',
        });
        rule.cfnOptions.condition = hasOtherPort;
      }
  }

  private notifyOfAlarms(): void {
    const hasTopic = new CfnCondition(this, 'HasAlarmTopic', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.text('AlarmTopicArn'), NO_TOPIC)),
    });
    const actions = Fn.conditionIf(hasTopic.logicalId, [this.text('AlarmTopicArn')], Fn.ref('AWS::NoValue'));
    for (const construct of this.node.findAll())
      if (construct instanceof CfnAlarm) construct.addPropertyOverride('AlarmActions', actions);
  }

  private makeDashboardOptional(): void {
    const condition = new CfnCondition(this, 'HasDashboard', {
      expression: Fn.conditionEquals(this.text('Dashboard'), 'true'),
    });
    for (const construct of this.node.findAll())
      if (construct instanceof CfnDashboard) construct.cfnOptions.condition = condition;
  }

  private parameter(name: ParameterName): CfnParameter {
    const parameter = this.parameters.get(name);
    if (parameter === undefined) throw new Error(`the template has no parameter ${name}`);
    return parameter;
  }

  private text(name: ParameterName): string {
    return Fn.ref(this.parameter(name).logicalId);
  }

  private json(name: ParameterName): number {
    return asJson({ Ref: name });
  }
}

/** What becomes a part of a JSON document as it is: CDK writes numbers without quotes. */
function asJson(intrinsic: object): number {
  return Token.asNumber(intrinsic);
}
