import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedCall } from '../src/recording.ts';
import { synthesise } from '../src/synthesise.ts';
import type { Templates } from '../src/template.ts';
import { BUS, entry, like, made, refusedOf } from './support/recorded.ts';

const CLUSTER = 'arn:aws:ecs:us-east-1:000000000000:cluster/serverless-gitlab-runner';
const TASK =
  'arn:aws:ecs:us-east-1:000000000000:task/serverless-gitlab-runner/0123456789abcdef0123456789abcdef';
const FLEETS = '/serverless-gitlab-runner/fleets';
const PARAMETERS = `${FLEETS}/default`;
const BROUGHT_TOKEN = `${PARAMETERS}/runner-tokens/0123`;
const JOB_FAMILY = 'serverless-gitlab-runner-job-default_0123';
const JOB_SECRET = 'serverless-gitlab-runner/jobs/default/1';

let templates: Templates;

beforeAll(async () => {
  templates = await synthesise();
});

describe('a call outside of the policy is refused', () => {
  const admin = 'arn:aws:iam::000000000000:role/admin';
  const elsewhere = CLUSTER.replace(/[^/]*$/, 'somebody-elses');
  const otherTask = TASK.replace('/serverless-gitlab-runner/', '/somebody-elses/');
  const job = ['serverless-gitlab-runner:role=job'];
  const manager = ['serverless-gitlab-runner:role=manager'];

  it.each<[string, () => RecordedCall, string]>([
    [
      'a manager in another cluster',
      () => like('runner-launcher', 'RunTask', { cluster: elsewhere }),
      'ecs:RunTask',
    ],
    ['a job in another cluster', () => like('manager', 'RunTask', { cluster: elsewhere }), 'ecs:RunTask'],
    [
      'a job of another family',
      () => like('manager', 'RunTask', { taskDefinition: 'serverless-gitlab-runner-manager-default' }),
      'ecs:RunTask',
    ],
    [
      'a list of another cluster',
      () => like('manager', 'ListTasks', { cluster: elsewhere }),
      'ecs:ListTasks',
    ],
    [
      'tasks of another cluster',
      () => like('idle-reaper', 'DescribeTasks', { cluster: elsewhere, tasks: [otherTask] }),
      'ecs:DescribeTasks',
    ],
    [
      'a definition with another role',
      () => like('manager', 'RegisterTaskDefinition', { taskRoleArn: admin }),
      'iam:PassRole',
    ],
    [
      'a job run with another role',
      () => like('manager', 'RunTask', { overriddenRoles: { taskRoleArn: admin } }),
      'iam:PassRole',
    ],
    [
      'a manager run with another role',
      () => like('runner-launcher', 'RunTask', { overriddenRoles: { taskRoleArn: admin } }),
      'iam:PassRole',
    ],
    [
      'the stop of a task without a role tag',
      () => like('manager', 'StopTask', { task: TASK, resourceTags: [] }),
      'ecs:StopTask',
    ],
    [
      'the stop of another manager',
      () => like('manager', 'StopTask', { task: TASK, resourceTags: manager }),
      'ecs:StopTask',
    ],
    [
      'the reaper stopping what is not ours',
      () =>
        made('idle-reaper', 'ecs', 'StopTask', { cluster: CLUSTER, task: TASK, resourceTags: ['role=job'] }),
      'ecs:StopTask',
    ],
    [
      'a mark on a job',
      () => like('idle-reaper', 'TagResource', { resourceArn: TASK, resourceTags: job }),
      'ecs:TagResource',
    ],
    [
      'a manager that takes off its own mark',
      () =>
        made('manager', 'ecs', 'TagResource', {
          resourceArn: TASK,
          tags: ['serverless-gitlab-runner:drain'],
        }),
      'ecs:TagResource',
    ],
    [
      'events on another bus',
      () => like('webhook-receiver', 'PutEvents', { Entries: [entry('default', BUS)] }),
      'events:PutEvents',
    ],
    [
      "events in another's name",
      () => like('manager', 'PutEvents', { Entries: [entry(BUS, 'somebody')] }),
      'events:PutEvents',
    ],
    [
      "events in another's name among ours",
      () => like('manager', 'PutEvents', { Entries: [entry(BUS, BUS), entry(BUS, 'somebody')] }),
      'events:PutEvents',
    ],
    [
      'the launcher decrypting a token',
      () =>
        like('runner-launcher', 'GetParameter', { Name: `${PARAMETERS}/runner-token`, WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the launcher decrypting all there is',
      () => made('runner-launcher', 'ssm', 'GetParametersByPath', { Path: FLEETS, WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the reaper decrypting all there is',
      () => like('idle-reaper', 'GetParametersByPath', { WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the receiver decrypting the runner token',
      () => like('webhook-receiver', 'GetParametersByPath', { WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'a manager reading the API token',
      () => made('manager', 'ssm', 'GetParameter', { Name: `${PARAMETERS}/api-token`, WithDecryption: true }),
      'ssm:GetParameter',
    ],
    [
      'the receiver decrypting the API token',
      () =>
        made('webhook-receiver', 'ssm', 'GetParameters', {
          Names: [`${PARAMETERS}/api-token`],
          WithDecryption: true,
        }),
      'kms:Decrypt',
    ],
    [
      'the receiver decrypting a token that a webhook brought',
      () => made('webhook-receiver', 'ssm', 'GetParameter', { Name: BROUGHT_TOKEN, WithDecryption: true }),
      'kms:Decrypt',
    ],
    [
      'the receiver reading the runner token by its name',
      () => made('webhook-receiver', 'ssm', 'GetParameter', { Name: `${PARAMETERS}/runner-token` }),
      'ssm:GetParameter',
    ],
    [
      "the reaper removing a fleet's own runner token, among others",
      () =>
        made('idle-reaper', 'ssm', 'DeleteParameters', {
          Names: [BROUGHT_TOKEN, `${PARAMETERS}/runner-token`],
        }),
      'ssm:DeleteParameters',
    ],
    [
      'a manager deregistering a definition',
      () => made('manager', 'ecs', 'DeregisterTaskDefinition', { taskDefinition: `${JOB_FAMILY}:1` }),
      'ecs:DeregisterTaskDefinition',
    ],
    [
      'a manager reading the webhook secret',
      () => like('manager', 'GetParameter', { Name: `${PARAMETERS}/webhook-secret` }),
      'ssm:GetParameter',
    ],
    [
      'a queue that is not the dead-letter queue',
      () =>
        made('runner-launcher', 'sqs', 'SendMessageBatch', {
          QueueUrl:
            'http://sqs/000000000000/serverless-gitlab-runner-runner-launcher-RunnerLauncherQueue81684A0F',
        }),
      'sqs:SendMessage',
    ],
    [
      'the secret of somebody else',
      () => made('manager', 'secretsmanager', 'DeleteSecret', { SecretId: 'production/database' }),
      'secretsmanager:DeleteSecret',
    ],
    [
      "the reaper removing a fleet's secret",
      () => made('idle-reaper', 'secretsmanager', 'DeleteSecret', { SecretId: 'hub', resourceTags: job }),
      'secretsmanager:DeleteSecret',
    ],
    [
      "the reaper removing a secret beside the jobs' that is not tagged as one",
      () => made('idle-reaper', 'secretsmanager', 'DeleteSecret', { SecretId: JOB_SECRET, resourceTags: [] }),
      'secretsmanager:DeleteSecret',
    ],
    [
      'another log',
      () =>
        made('manager', 'logs', 'GetLogEvents', {
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
    ['nobody knows the caller', made('somebody', 'ecs', 'ListTasks', { cluster: CLUSTER })],
    ['the operation is not in the table', made('manager', 'ecs', 'DeleteCluster', { cluster: CLUSTER })],
    ['the recording lacks the resource', made('manager', 'ecs', 'StopTask', { cluster: CLUSTER })],
  ])('as one that cannot be judged when %s', async (_, call) => {
    expect(await refusedOf(call, templates)).toEqual([expect.stringMatching(/^: .{20}/)]);
  });
});

describe('a call that the fixture does not have', () => {
  const queue = 'http://sqs/000000000000/serverless-gitlab-runner-runner-launcher';

  it.each([
    made('idle-reaper', 'ecs', 'StopTask', { cluster: CLUSTER, task: TASK }),
    made('runner-launcher', 'sqs', 'SendMessageBatch', {
      QueueUrl: `${queue}-RunnerLauncherDeadLetters433776F7-1234`,
    }),
    made('runner-launcher', 'sqs', 'ChangeMessageVisibilityBatch', {
      QueueUrl: `${queue}-RunnerLauncherQueue81684A0F-1234`,
    }),
    made('runner-launcher', 'ssm', 'GetParameters', {
      Names: [`${PARAMETERS}/config`, `${PARAMETERS}/runner-token`],
    }),
    made('runner-launcher', 'ssm', 'GetParameter', { Name: `${PARAMETERS}/api-token`, WithDecryption: true }),
    made('runner-launcher', 'ssm', 'GetParametersByPath', { Path: FLEETS, Recursive: true }),
    made('webhook-receiver', 'ssm', 'PutParameter', {
      Name: BROUGHT_TOKEN,
      Type: 'SecureString',
      Overwrite: false,
    }),
    made('webhook-receiver', 'ssm', 'PutParameter', {
      Name: BROUGHT_TOKEN,
      Type: 'SecureString',
      Overwrite: true,
    }),
    made('webhook-receiver', 'ssm', 'GetParameter', {
      Name: BROUGHT_TOKEN,
      WithDecryption: false,
    }),
    made('idle-reaper', 'ssm', 'DeleteParameters', { Names: [BROUGHT_TOKEN] }),
    made('idle-reaper', 'ecs', 'ListTaskDefinitionFamilies'),
    made('idle-reaper', 'ecs', 'DescribeTaskDefinition', { taskDefinition: JOB_FAMILY }),
    made('idle-reaper', 'ecs', 'DeregisterTaskDefinition', { taskDefinition: `${JOB_FAMILY}:1` }),
    made('manager', 'ecs', 'ListTasks', {
      cluster: CLUSTER,
      family: 'serverless-gitlab-runner-manager-default',
      desiredStatus: 'STOPPED',
    }),
    made('manager', 'secretsmanager', 'CreateSecret', {
      Name: JOB_SECRET,
      tags: ['serverless-gitlab-runner:role=job'],
    }),
    made('manager', 'secretsmanager', 'DeleteSecret', { SecretId: JOB_SECRET }),
    made('idle-reaper', 'secretsmanager', 'ListSecrets'),
    made('idle-reaper', 'secretsmanager', 'DeleteSecret', {
      SecretId: JOB_SECRET,
      resourceTags: ['serverless-gitlab-runner:role=job'],
    }),
    made('manager', 'logs', 'GetLogEvents', {
      logGroupName: '/serverless-gitlab-runner/jobs/default',
      logStreamName: 'redis/redis/1',
    }),
  ])('is allowed to $caller: $service $operation', async (call) => {
    expect(await refusedOf(call, templates)).toEqual([]);
  });
});
