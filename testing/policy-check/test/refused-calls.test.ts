import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedCall } from '../src/recording.ts';
import { synthesise } from '../src/synthesise.ts';
import type { Templates } from '../src/template.ts';
import { BUS, callOf, entry, recordedLike, refusedOf } from './support/recorded.ts';

const CLUSTER = 'arn:aws:ecs:us-east-1:000000000000:cluster/serverless-gitlab-runner';
const TASK =
  'arn:aws:ecs:us-east-1:000000000000:task/serverless-gitlab-runner/0123456789abcdef0123456789abcdef';
const FLEETS = '/serverless-gitlab-runner/fleets';
const PARAMETERS = `${FLEETS}/default`;
const WEBHOOK_TOKEN = `${PARAMETERS}/runner-tokens/0123`;
const JOB_FAMILY = 'serverless-gitlab-runner-job-default_0123';
const JOB_SECRET = 'serverless-gitlab-runner/jobs/default/1';

let templates: Templates;

beforeAll(async () => {
  templates = await synthesise();
});

describe('a call outside the policy is refused', () => {
  const admin = 'arn:aws:iam::000000000000:role/admin';
  const elsewhere = CLUSTER.replace(/[^/]*$/, 'somebody-elses');
  const otherTask = TASK.replace('/serverless-gitlab-runner/', '/somebody-elses/');
  const job = ['serverless-gitlab-runner:role=job'];
  const manager = ['serverless-gitlab-runner:role=manager'];

  it.each<[string, () => RecordedCall, string]>([
    [
      'a manager in another cluster',
      () => recordedLike('runner-launcher', 'RunTask', { cluster: elsewhere }),
      'ecs:RunTask',
    ],
    [
      'a job in another cluster',
      () => recordedLike('manager', 'RunTask', { cluster: elsewhere }),
      'ecs:RunTask',
    ],
    [
      'a job of another family',
      () =>
        recordedLike('manager', 'RunTask', { taskDefinition: 'serverless-gitlab-runner-manager-default' }),
      'ecs:RunTask',
    ],
    [
      'listing tasks of another cluster',
      () => recordedLike('manager', 'ListTasks', { cluster: elsewhere }),
      'ecs:ListTasks',
    ],
    [
      'describing tasks of another cluster',
      () => recordedLike('idle-reaper', 'DescribeTasks', { cluster: elsewhere, tasks: [otherTask] }),
      'ecs:DescribeTasks',
    ],
    [
      'a task definition with another role',
      () => recordedLike('manager', 'RegisterTaskDefinition', { taskRoleArn: admin }),
      'iam:PassRole',
    ],
    [
      'a job task with another role',
      () => recordedLike('manager', 'RunTask', { overriddenRoles: { taskRoleArn: admin } }),
      'iam:PassRole',
    ],
    [
      'a manager with another role',
      () => recordedLike('runner-launcher', 'RunTask', { overriddenRoles: { taskRoleArn: admin } }),
      'iam:PassRole',
    ],
    [
      'stopping a task without a role tag',
      () => recordedLike('manager', 'StopTask', { task: TASK, resourceTags: [] }),
      'ecs:StopTask',
    ],
    [
      'stopping another manager',
      () => recordedLike('manager', 'StopTask', { task: TASK, resourceTags: manager }),
      'ecs:StopTask',
    ],
    [
      'the reaper stopping an unmanaged task',
      () =>
        callOf('idle-reaper', 'ecs', 'StopTask', {
          cluster: CLUSTER,
          task: TASK,
          resourceTags: ['role=job'],
        }),
      'ecs:StopTask',
    ],
    [
      'marking a job task',
      () => recordedLike('idle-reaper', 'TagResource', { resourceArn: TASK, resourceTags: job }),
      'ecs:TagResource',
    ],
    [
      'a manager setting its own mark',
      () =>
        callOf('manager', 'ecs', 'TagResource', {
          resourceArn: TASK,
          tags: ['serverless-gitlab-runner:drain'],
        }),
      'ecs:TagResource',
    ],
    [
      'events on another bus',
      () => recordedLike('webhook-receiver', 'PutEvents', { Entries: [entry('default', BUS)] }),
      'events:PutEvents',
    ],
    [
      'events of another source',
      () => recordedLike('manager', 'PutEvents', { Entries: [entry(BUS, 'somebody')] }),
      'events:PutEvents',
    ],
    [
      'events of another source among allowed ones',
      () => recordedLike('manager', 'PutEvents', { Entries: [entry(BUS, BUS), entry(BUS, 'somebody')] }),
      'events:PutEvents',
    ],
    [
      'the launcher decrypting a token',
      () =>
        recordedLike('runner-launcher', 'GetParameter', {
          Name: `${PARAMETERS}/runner-token`,
          WithDecryption: true,
        }),
      'kms:Decrypt',
    ],
    [
      'the launcher decrypting all parameters',
      () => callOf('runner-launcher', 'ssm', 'GetParametersByPath', { Path: FLEETS, WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the reaper decrypting all parameters',
      () => recordedLike('idle-reaper', 'GetParametersByPath', { WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the receiver decrypting the runner token',
      () => recordedLike('webhook-receiver', 'GetParametersByPath', { WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'a manager reading the API token',
      () =>
        callOf('manager', 'ssm', 'GetParameter', { Name: `${PARAMETERS}/api-token`, WithDecryption: true }),
      'ssm:GetParameter',
    ],
    [
      'the receiver decrypting the API token',
      () =>
        callOf('webhook-receiver', 'ssm', 'GetParameters', {
          Names: [`${PARAMETERS}/api-token`],
          WithDecryption: true,
        }),
      'kms:Decrypt',
    ],
    [
      'the receiver decrypting a runner token from a webhook',
      () => callOf('webhook-receiver', 'ssm', 'GetParameter', { Name: WEBHOOK_TOKEN, WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the receiver reading the runner token by name',
      () => callOf('webhook-receiver', 'ssm', 'GetParameter', { Name: `${PARAMETERS}/runner-token` }),
      'ssm:GetParameter',
    ],
    [
      "the reaper removing a fleet's own runner token among others",
      () =>
        callOf('idle-reaper', 'ssm', 'DeleteParameters', {
          Names: [WEBHOOK_TOKEN, `${PARAMETERS}/runner-token`],
        }),
      'ssm:DeleteParameters',
    ],
    [
      'a manager deregistering a task definition',
      () => callOf('manager', 'ecs', 'DeregisterTaskDefinition', { taskDefinition: `${JOB_FAMILY}:1` }),
      'ecs:DeregisterTaskDefinition',
    ],
    [
      'a manager reading the webhook secret',
      () => recordedLike('manager', 'GetParameter', { Name: `${PARAMETERS}/webhook-secret` }),
      'ssm:GetParameter',
    ],
    [
      'a queue that is not the dead-letter queue',
      () =>
        callOf('runner-launcher', 'sqs', 'SendMessageBatch', {
          QueueUrl:
            'http://sqs/000000000000/serverless-gitlab-runner-runner-launcher-RunnerLauncherQueue81684A0F',
        }),
      'sqs:SendMessage',
    ],
    [
      'a secret outside the jobs',
      () => callOf('manager', 'secretsmanager', 'DeleteSecret', { SecretId: 'production/database' }),
      'secretsmanager:DeleteSecret',
    ],
    [
      "the reaper removing a fleet's secret",
      () => callOf('idle-reaper', 'secretsmanager', 'DeleteSecret', { SecretId: 'hub', resourceTags: job }),
      'secretsmanager:DeleteSecret',
    ],
    [
      'the reaper removing a job secret without the role tag',
      () =>
        callOf('idle-reaper', 'secretsmanager', 'DeleteSecret', { SecretId: JOB_SECRET, resourceTags: [] }),
      'secretsmanager:DeleteSecret',
    ],
    [
      'another log group',
      () =>
        callOf('manager', 'logs', 'GetLogEvents', {
          logGroupName: '/serverless-gitlab-runner/managers',
          logStreamName: 'manager/manager/1',
        }),
      'logs:GetLogEvents',
    ],
  ])('%s', async (_, call, action) => {
    expect(await refusedOf(call(), templates)).toContainEqual(
      expect.stringMatching(new RegExp(`^${action}: `)),
    );
  });

  it.each<[string, RecordedCall]>([
    ['the caller is unknown', callOf('somebody', 'ecs', 'ListTasks', { cluster: CLUSTER })],
    ['the operation is not in the table', callOf('manager', 'ecs', 'DeleteCluster', { cluster: CLUSTER })],
    ['the recording lacks the resource', callOf('manager', 'ecs', 'StopTask', { cluster: CLUSTER })],
  ])('as not evaluable if %s', async (_, call) => {
    expect(await refusedOf(call, templates)).toEqual([expect.stringMatching(/^: .{20}/)]);
  });
});

describe('a call that the fixture lacks', () => {
  const queue = 'http://sqs/000000000000/serverless-gitlab-runner-runner-launcher';

  it.each([
    callOf('idle-reaper', 'ecs', 'StopTask', { cluster: CLUSTER, task: TASK }),
    callOf('runner-launcher', 'sqs', 'SendMessageBatch', {
      QueueUrl: `${queue}-RunnerLauncherDeadLetters433776F7-1234`,
    }),
    callOf('runner-launcher', 'sqs', 'ChangeMessageVisibilityBatch', {
      QueueUrl: `${queue}-RunnerLauncherQueue81684A0F-1234`,
    }),
    callOf('runner-launcher', 'ssm', 'GetParameters', {
      Names: [`${PARAMETERS}/config`, `${PARAMETERS}/runner-token`],
    }),
    callOf('runner-launcher', 'ssm', 'GetParameter', {
      Name: `${PARAMETERS}/api-token`,
      WithDecryption: true,
    }),
    callOf('runner-launcher', 'ssm', 'GetParametersByPath', { Path: FLEETS, Recursive: true }),
    callOf('webhook-receiver', 'ssm', 'PutParameter', {
      Name: WEBHOOK_TOKEN,
      Type: 'SecureString',
      Overwrite: false,
    }),
    callOf('webhook-receiver', 'ssm', 'PutParameter', {
      Name: WEBHOOK_TOKEN,
      Type: 'SecureString',
      Overwrite: true,
    }),
    callOf('webhook-receiver', 'ssm', 'GetParameter', {
      Name: WEBHOOK_TOKEN,
      WithDecryption: false,
    }),
    callOf('idle-reaper', 'ssm', 'DeleteParameters', { Names: [WEBHOOK_TOKEN] }),
    callOf('idle-reaper', 'ecs', 'ListTaskDefinitionFamilies'),
    callOf('idle-reaper', 'ecs', 'DescribeTaskDefinition', { taskDefinition: JOB_FAMILY }),
    callOf('idle-reaper', 'ecs', 'DeregisterTaskDefinition', { taskDefinition: `${JOB_FAMILY}:1` }),
    callOf('manager', 'ecs', 'ListTasks', {
      cluster: CLUSTER,
      family: 'serverless-gitlab-runner-manager-default',
      desiredStatus: 'STOPPED',
    }),
    callOf('manager', 'secretsmanager', 'CreateSecret', {
      Name: JOB_SECRET,
      tags: ['serverless-gitlab-runner:role=job'],
    }),
    callOf('manager', 'secretsmanager', 'DeleteSecret', { SecretId: JOB_SECRET }),
    callOf('idle-reaper', 'secretsmanager', 'ListSecrets'),
    callOf('idle-reaper', 'secretsmanager', 'DeleteSecret', {
      SecretId: JOB_SECRET,
      resourceTags: ['serverless-gitlab-runner:role=job'],
    }),
    callOf('manager', 'logs', 'GetLogEvents', {
      logGroupName: '/serverless-gitlab-runner/jobs/default',
      logStreamName: 'redis/redis/1',
    }),
  ])('is allowed for $caller: $service $operation', async (call) => {
    expect(await refusedOf(call, templates)).toEqual([]);
  });
});
