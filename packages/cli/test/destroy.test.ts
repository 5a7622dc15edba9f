import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import {
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeClustersCommand,
  ECSClient,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DeleteParametersCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { assetsIn } from '../src/destroy/cdk-assets.ts';
import { renderLists } from '../src/destroy/render-removal.ts';
import { pointsAt } from '../src/gitlab/hook-place.ts';
import { run } from '../src/index.ts';

const aws = {
  cloudFormation: mockClient(CloudFormationClient),
  ecr: mockClient(ECRClient),
  ecs: mockClient(ECSClient),
  logs: mockClient(CloudWatchLogsClient),
  s3: mockClient(S3Client),
  secrets: mockClient(SecretsManagerClient),
  ssm: mockClient(SSMClient),
};
const BUCKET = 'serverless-gitlab-runner-shared-sharedcachebucket1';
const DEFINITION = 'serverless-gitlab-runner-job-default_1:1';

/** An account in which a removal died after its stacks were gone. */
let left: { bucket: boolean; objects: number; parameters: string[]; definition: string; logGroup: boolean };

beforeEach(() => {
  process.env.AWS_REGION = 'eu-west-1';
  delete process.env.GITLAB_TOKEN;
  for (const mock of Object.values(aws)) mock.reset();
  left = {
    bucket: true,
    objects: 2,
    parameters: ['/serverless-gitlab-runner/fleets/default/runner-token'],
    definition: 'ACTIVE',
    logGroup: true,
  };
  aws.cloudFormation.on(DescribeStacksCommand).callsFake(() => {
    throw Object.assign(new Error('does not exist'), { name: 'ValidationError' });
  });
  aws.ecs.on(DescribeClustersCommand).resolves({ clusters: [] });
  aws.ecs
    .on(ListTaskDefinitionFamiliesCommand)
    .callsFake(({ familyPrefix }) => ({ families: DEFINITION.startsWith(familyPrefix) ? ['family'] : [] }));
  aws.ecs.on(ListTaskDefinitionsCommand).callsFake(({ status }) => ({
    taskDefinitionArns: left.definition === status ? [`arn:aws:ecs:x:1:task-definition/${DEFINITION}`] : [],
  }));
  aws.ecs.on(DeregisterTaskDefinitionCommand).callsFake(() => {
    left.definition = 'INACTIVE';
    return {};
  });
  aws.ecs.on(DeleteTaskDefinitionsCommand).callsFake(({ taskDefinitions }) => {
    // As ECS: what was not deregistered is refused.
    if (left.definition === 'ACTIVE') return { failures: [{ arn: taskDefinitions[0], reason: 'ACTIVE' }] };
    left.definition = 'DELETE_IN_PROGRESS';
    return { failures: [] };
  });
  aws.s3.on(ListBucketsCommand).callsFake(({ BucketRegion }) => ({
    Buckets:
      BucketRegion !== 'eu-west-1'
        ? [{ Name: `${BUCKET}-of-another-region` }]
        : left.bucket
          ? [{ Name: BUCKET }, { Name: 'serverless-gitlab-runner-shared-notes' }]
          : [],
  }));
  aws.s3.on(ListObjectVersionsCommand).callsFake(() => ({
    Versions: left.objects > 0 ? [{ Key: 'a', VersionId: `${left.objects}` }] : [],
  }));
  aws.s3.on(DeleteObjectsCommand).callsFake(() => {
    left.objects -= 1;
    return {};
  });
  aws.s3.on(DeleteBucketCommand).callsFake(({ Bucket }) => {
    if (left.objects > 0) throw Object.assign(new Error('not empty'), { name: 'BucketNotEmpty' });
    expect(Bucket).toBe(BUCKET);
    left.bucket = false;
    return {};
  });
  aws.secrets.on(ListSecretsCommand).resolves({ SecretList: [] });
  aws.ssm
    .on(GetParametersByPathCommand)
    .callsFake(() => ({ Parameters: left.parameters.map((Name) => ({ Name, Value: 'x' })) }));
  aws.ssm.on(DeleteParametersCommand).callsFake(({ Names }) => {
    left.parameters = left.parameters.filter((name) => !Names.includes(name));
    return {};
  });
  aws.logs.on(DescribeLogGroupsCommand).callsFake(({ logGroupNamePrefix }) => ({
    logGroups:
      left.logGroup && '/serverless-gitlab-runner/managers'.startsWith(logGroupNamePrefix)
        ? [{ logGroupName: '/serverless-gitlab-runner/managers', storedBytes: 3 * 2 ** 30 }]
        : [],
  }));
  aws.logs.on(DeleteLogGroupCommand).callsFake(() => {
    left.logGroup = false;
    return {};
  });
});

async function destroy(args: readonly string[], answer?: string) {
  const [printed, errors]: [string[], string[]] = [[], []];
  const code = await run(['destroy', ...args], {
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
    columns: 80,
    ask: answer === undefined ? undefined : async () => answer,
    now: Date.now,
  });
  return { code, text: printed.join('\n'), errors: errors.join('\n') };
}

const GONE = { bucket: false, objects: 0, parameters: [], definition: 'DELETE_IN_PROGRESS', logGroup: false };

describe('sgr destroy', () => {
  it('removes what an interrupted removal left, and lists it', async () => {
    const { code, text } = await destroy(['--yes']);
    expect(code).toBe(0);
    expect(left).toEqual(GONE);
    for (const name of [
      BUCKET,
      DEFINITION,
      'fleets/default/runner-token',
      '/serverless-gitlab-runner/managers',
    ])
      expect(text).toContain(name);
    expect(text).not.toContain('notes');
    expect(aws.cloudFormation.commandCalls(DeleteStackCommand)).toEqual([]);
    expect(await destroy(['--yes'])).toMatchObject({
      code: 0,
      text: 'Nothing of this installation is left in eu-west-1.',
    });
  });

  it.each([
    ['nobody can be asked', undefined, 2, 'confirm with --yes'],
    ['the answer is no', 'n', 1, 'Nothing was changed'],
  ])('changes nothing if %s', async (_title, answer, code, message) => {
    const before = structuredClone(left);
    const done = await destroy([], answer);
    expect(done.code).toBe(code);
    expect(done.errors).toContain(message);
    expect(done.errors).toContain(BUCKET);
    expect(left).toEqual(before);
  });

  it('asks a terminal', async () => {
    expect((await destroy([], 'y')).code).toBe(0);
    expect(left).toEqual(GONE);
  });

  it('keeps the cache if it shall', async () => {
    await destroy(['--yes', '--keep-cache']);
    expect(left).toEqual({ ...GONE, bucket: true, objects: 2 });
  });

  it('keeps the log groups if it shall, and says what they cost and how they go', async () => {
    const { code, text, errors } = await destroy(['--yes', '--keep-logs']);
    expect(code).toBe(0);
    expect(left).toEqual({ ...GONE, logGroup: true });
    const stays = (shown: string) => shown.split(/What (?:will stay|stays):/)[1]?.replaceAll(/\s+/g, ' ');
    for (const shown of [text, errors]) {
      expect(stays(shown)).toContain(
        'Log groups (1): /serverless-gitlab-runner/managers: they hold 3.00 GiB',
      );
      expect(stays(shown)).toContain('for about $0.09 a month, and expire by themselves (--keep-logs).');
      expect(stays(shown)).toContain('sgr destroy without --keep-logs');
    }
    expect(text).not.toContain('log groups (');
    const again = await destroy(['--yes', '--keep-logs']);
    expect(again.text).toContain('Nothing of this installation is left');
    expect(again.text).toContain('Log groups (1)');
    await destroy(['--yes']);
    expect(left).toEqual(GONE);
  });

  it('leaves an installation in a stack of somebody else alone', async () => {
    aws.ecs.on(DescribeClustersCommand).resolves({ clusters: [{ status: 'ACTIVE' }] });
    const before = structuredClone(left);
    expect(await destroy(['--yes'])).toMatchObject({ code: 1 });
    expect(left).toEqual(before);
  });
});

it("finds the images and bundles of CDK's repository and bucket that a template names", () => {
  const digest = 'a'.repeat(64);
  const image = `\${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/cdk-hnb659fds-container-assets-\${AWS::AccountId}-\${AWS::Region}:${digest}`;
  const lambda = (S3Bucket: unknown, S3Key: string) => ({
    Type: 'AWS::Lambda::Function',
    Properties: { Code: { S3Bucket, S3Key } },
  });
  const template = JSON.stringify({
    Resources: {
      Task: { Type: 'AWS::ECS::TaskDefinition', Properties: [{ 'Fn::Sub': image }, { 'Fn::Sub': image }] },
      Own: lambda({ 'Fn::Sub': `cdk-hnb659fds-assets-\${AWS::AccountId}-\${AWS::Region}` }, `${digest}.zip`),
      Foreign: lambda('my-bucket', `${digest}.zip`),
    },
  });
  expect(assetsIn(template, 'eu-west-1', '123456789012')).toEqual({
    images: [`cdk-hnb659fds-container-assets-123456789012-eu-west-1:${digest}`],
    bundles: [`cdk-hnb659fds-assets-123456789012-eu-west-1/${digest}.zip`],
  });
});

it('shortens a long list', () => {
  const items = Array.from({ length: 30 }, (_, index) => `item ${index}`);
  const lines = renderLists('Removed:', [{ what: 'things', items }]);
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('    … and 23 more');
});

it.each([
  ['https://x.aws/?fleet=a', true],
  ['https://x.aws', true],
  ['https://y.aws/', false],
  ['https://x.aws/other', false],
  ['not a URL', false],
])('a webhook with the URL %s is of the installation https://x.aws/: %s', (url, expected) => {
  expect(pointsAt({ url }, 'https://x.aws/')).toBe(expected);
});
