import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { keepingLogGroups, keepLogGroups } from '../src/destroy/keep-log-groups.ts';

const cloudFormation = new CloudFormationClient({ region: 'eu-west-1' });
const s3 = new S3Client({ region: 'eu-west-1' });
const stacks = mockClient(cloudFormation);
const objects = mockClient(s3);

const log = { Type: 'AWS::Logs::LogGroup', DeletionPolicy: 'Delete', Properties: { LogGroupName: 'a' } };
const role = { Type: 'AWS::IAM::Role', DeletionPolicy: 'Delete' };
const template = (resources: object) => JSON.stringify({ Description: 'x', Resources: resources });

describe('the template that keeps log groups', () => {
  it('changes their policy and metadata, and nothing else', () => {
    const kept = keepingLogGroups(template({ Log: { ...log, Metadata: { path: 'p' } }, Role: role }));
    expect(JSON.parse(kept ?? '')).toEqual({
      Description: 'x',
      Resources: {
        Log: {
          ...log,
          DeletionPolicy: 'Retain',
          Metadata: { path: 'p', 'serverless-gitlab-runner:kept': true },
        },
        Role: role,
      },
    });
  });

  it.each([
    ['has none', template({ Role: role })],
    ['keeps them already', template({ Log: { ...log, DeletionPolicy: 'Retain' } })],
    ['is not JSON', 'Resources:'],
  ])('is not needed if it %s', (_title, text) => expect(keepingLogGroups(text)).toBeUndefined());
});

describe('a stack that shall keep its log groups', () => {
  beforeEach(() => {
    stacks.reset();
    objects.reset();
    stacks.on(UpdateStackCommand).resolves({});
    state('UPDATE_COMPLETE');
  });

  function state(StackStatus: 'UPDATE_COMPLETE' | 'UPDATE_ROLLBACK_COMPLETE'): void {
    const Parameters = [{ ParameterKey: 'BootstrapVersion', ParameterValue: '/x' }];
    stacks.on(DescribeStacksCommand).resolves({
      Stacks: [{ StackName: 'stack', StackStatus, CreationTime: new Date(0), Parameters }],
    });
  }

  const keep = (resources: object, bucket: string | undefined = 'cdk-assets') => {
    stacks.on(GetTemplateCommand).resolves({ TemplateBody: template(resources) });
    return keepLogGroups('stack', { cloudFormation, s3, bucket, log: () => undefined, pollMs: 1 });
  };
  const updates = () => stacks.commandCalls(UpdateStackCommand).map(({ args }) => args[0].input);

  it('is updated with its own parameters', async () => {
    await keep({ Log: log });
    expect(updates()).toEqual([
      {
        StackName: 'stack',
        TemplateBody: keepingLogGroups(template({ Log: log })),
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
        Parameters: [{ ParameterKey: 'BootstrapVersion', UsePreviousValue: true }],
      },
    ]);
    expect(objects.commandCalls(PutObjectCommand)).toEqual([]);
  });

  it('is left alone if it has none', async () => {
    await keep({ Role: role });
    expect(updates()).toEqual([]);
  });

  const long = { Log: log, Role: { ...role, Properties: 'x'.repeat(52_000) } };

  it('gets a long template by CDK’s bucket, which does not keep it', async () => {
    await keep(long);
    expect(updates()).toMatchObject([
      { TemplateURL: 'https://cdk-assets.s3.eu-west-1.amazonaws.com/stack-keep-logs.json' },
    ]);
    const object = { Bucket: 'cdk-assets', Key: 'stack-keep-logs.json' };
    expect(objects.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject(object);
    expect(objects.commandCalls(DeleteObjectCommand)[0]?.args[0].input).toEqual(object);
  });

  it('is not removed if it cannot be told', async () => {
    stacks.on(GetTemplateCommand).resolves({ TemplateBody: template(long) });
    const options = { cloudFormation, s3, bucket: undefined, log: () => undefined };
    await expect(keepLogGroups('stack', options)).rejects.toThrow('without --keep-logs');
    state('UPDATE_ROLLBACK_COMPLETE');
    stacks.on(DescribeStackEventsCommand).rejects(new Error('denied'));
    await expect(keep({ Log: log })).rejects.toThrow('keep its log groups: UPDATE_ROLLBACK_COMPLETE');
  });
});
