import type { CfnParameterProps } from 'aws-cdk-lib';

const JSON_OBJECT = { type: 'String', default: '{}', allowedPattern: '\\s*\\{[\\s\\S]*\\}\\s*' };
export const HTTPS = 443;
/** Value of the parameter `AlarmTopicArn` without a topic. */
export const NO_TOPIC = 'none';
const YES_OR_NO = { type: 'String', allowedValues: ['true', 'false'] };
const SETTINGS_PAGE = 'See the reference of fleet settings';

/** Images that were released with this package; undefined: none, so the parameter has no default. */
export interface DefaultImages {
  readonly runnerImage?: string | undefined;
  readonly jobBaseImage?: string | undefined;
}

/** The template's parameters in the order of the console's form. */
export function templateParameters({ runnerImage, jobBaseImage }: DefaultImages) {
  return {
    CodeBucket: {
      type: 'String',
      minLength: 3,
      description: "S3 bucket in this region with the services' code: the .zip files beside this template",
    },
    CodePrefix: {
      type: 'String',
      default: '',
      allowedPattern: '|[^/].*/',
      description: 'Folder of the .zip files in the bucket, ending with a slash. Default: none',
    },
    VpcId: { type: 'AWS::EC2::VPC::Id', description: 'VPC of managers and jobs' },
    SubnetIds: {
      type: 'List<AWS::EC2::Subnet::Id>',
      description:
        'Subnets of managers and jobs, which reach GitLab, AWS and registries: public with AssignPublicIp, or with NAT',
    },
    AssignPublicIp: {
      ...YES_OR_NO,
      default: 'false',
      description: 'Whether tasks get a public IPv4 address, which public subnets need',
    },
    ManagerImage: image('manager (images/runner)', runnerImage),
    HelperImage: image("job tasks' helper (images/job-base)", jobBaseImage),
    ImageRepositories: {
      type: 'String',
      default: 'serverless-gitlab-runner/*',
      minLength: 1,
      description:
        'ECR repositories in this account and region that images of managers, helpers and jobs may be pulled from: a name, `*` allowed',
    },
    GitLabUrl: {
      type: 'String',
      default: 'https://gitlab.com',
      allowedPattern: 'https?://[^/\\s]+(/\\S*)?',
      description: 'Base URL of GitLab',
    },
    GitLabPort: {
      type: 'Number',
      default: HTTPS,
      minValue: 1,
      maxValue: 65_535,
      description: 'Port of that URL, which managers may then reach',
    },
    ManagerSettings: settings('manager', '{"concurrentJobs": 20}'),
    JobSettings: settings('job', '{"size": {"cpu": 2048, "memory": 4096}}'),
    AheadSettings: settings('ahead', '{"start": "next"}'),
    WebhookSettings: settings('webhook', '{"accepts": "signature"}'),
    SafetyLaunchSeconds: {
      type: 'Number',
      default: 0,
      minValue: 0,
      maxValue: 3000,
      description:
        'Seconds without a manager after which one is started, in case a webhook was lost. Default 0: never, which costs nothing',
    },
    AlarmTopicArn: {
      type: 'String',
      default: NO_TOPIC,
      allowedPattern: `${NO_TOPIC}|arn:.+`,
      description: 'ARN of an SNS topic for alarms. By default they are only visible in CloudWatch',
    },
    Dashboard: {
      ...YES_OR_NO,
      default: 'true',
      description: 'A CloudWatch dashboard: three are free in an account, each further one costs $3 a month',
    },
    LogLevel: {
      type: 'String',
      default: 'INFO',
      allowedValues: ['DEBUG', 'INFO', 'WARN', 'ERROR'],
      description: 'Of Lambdas and managers',
    },
  } satisfies Record<string, CfnParameterProps>;
}

export type ParameterName = keyof ReturnType<typeof templateParameters>;

function image(what: string, released: string | undefined) {
  return {
    type: 'String',
    minLength: 1,
    description: `Image of the ${what}, by digest or tag`,
    ...(released === undefined ? {} : { default: released }),
  };
}

function settings(group: string, example: string) {
  return {
    ...JSON_OBJECT,
    description: `Settings of the fleet's group "${group}" as JSON, for example ${example}. ${SETTINGS_PAGE}`,
  };
}
