import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { type JobTaskOrder, jobTaskOverrides, runJobTask } from '../src/task/run-job-task.ts';
import { fleetOf } from './support/fleet.ts';

const ecs = mockClient(ECSClient);
const taskArn = 'arn:aws:ecs:eu-west-1:123456789012:task/ci/0123456789abcdef';
const settings = {
  ecs: new ECSClient({ region: 'eu-west-1' }),
  cluster: 'ci',
  startedBy: 'manager-task-id',
  fleet: fleetOf(),
};
const order: JobTaskOrder = {
  taskDefinition: 'family:1',
  startId: '42-1',
  overrides: jobTaskOverrides('ssh-ed25519 AAAA', 300, new Map(), { jobId: 4711 }),
  tags: [{ key: 'serverless-gitlab-runner:role', value: 'job' }],
  group: 'gitlab-job-42',
};

beforeEach(() => {
  ecs.reset();
});

describe('the request of RunTask', () => {
  it("is one task in the jobs' network, tagged for this manager, on the given provider", async () => {
    ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn }] });
    await runJobTask(settings, order, 'FARGATE_SPOT');
    expect(ecs.commandCalls(RunTaskCommand)[0]?.args[0].input).toMatchObject({
      cluster: 'ci',
      count: 1,
      startedBy: 'manager-task-id',
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-1', 'subnet-2'],
          securityGroups: ['sg-job'],
          assignPublicIp: 'DISABLED',
        },
      },
      tags: order.tags,
      group: 'gitlab-job-42',
    });
  });

  it('has a distinct client token for each start, provider, round and definition', async () => {
    ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn }] });
    await runJobTask(settings, order, 'FARGATE_SPOT');
    await runJobTask(settings, order, 'FARGATE_SPOT');
    await runJobTask(settings, order, 'FARGATE');
    await runJobTask(settings, { ...order, startId: '42-2' }, 'FARGATE');
    await runJobTask(settings, order, 'FARGATE', 1);
    await runJobTask(settings, { ...order, taskDefinition: 'family:2' }, 'FARGATE');
    const tokens = ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input.clientToken ?? '');
    expect(tokens[0]).toBe(tokens[1]);
    expect(new Set(tokens).size).toBe(5);
    for (const token of tokens) expect(token.length).toBeLessThanOrEqual(64);
  });
});

describe('the result of RunTask', () => {
  it.each([
    {
      answer: { tasks: [{ taskArn }], failures: [] },
      outcome: { kind: 'started', taskArn, capacityProvider: 'FARGATE' },
    },
    {
      answer: { tasks: [], failures: [{ reason: 'Capacity is unavailable at this time.' }] },
      outcome: {
        kind: 'not-now',
        why: 'no-capacity',
        capacityProvider: 'FARGATE',
        reason: 'Capacity is unavailable at this time.',
      },
    },
    {
      answer: { failures: [{ reason: 'RESOURCE:ENI', detail: 'none left' }] },
      outcome: {
        kind: 'not-now',
        why: 'no-capacity',
        capacityProvider: 'FARGATE',
        reason: 'RESOURCE:ENI: none left',
      },
    },
    {
      answer: { failures: [{ reason: "You've reached the limit on the number of vCPUs you can run" }] },
      outcome: {
        kind: 'not-now',
        why: 'quota',
        capacityProvider: 'FARGATE',
        reason: "You've reached the limit on the number of vCPUs you can run",
      },
    },
    {
      answer: { failures: [{ reason: 'MISSING' }] },
      outcome: { kind: 'failed', reason: 'MISSING', mayRun: false },
    },
    {
      answer: {},
      outcome: {
        kind: 'failed',
        reason: 'RunTask returned neither a task nor a failure',
        mayRun: false,
      },
    },
  ])('$answer is $outcome.kind', async ({ answer, outcome }) => {
    ecs.on(RunTaskCommand).resolves(answer);
    expect(await runJobTask(settings, order, 'FARGATE')).toEqual(outcome);
  });

  it.each([
    ['Capacity is unavailable at this time. Please try again later', 'not-now'],
    ['The requested CPU configuration is above your limit', 'not-now'],
    ['not authorized to perform: iam:PassRole', 'failed'],
  ])('the exception "%s" is %s', async (message, kind) => {
    ecs.on(RunTaskCommand).rejects(new Error(message));
    expect((await runJobTask(settings, order, 'FARGATE')).kind).toBe(kind);
  });

  it.each([
    ['ClientException', 'TaskDefinition is inactive', 'definition-gone'],
    ['InvalidParameterException', 'TaskDefinition is inactive', 'definition-gone'],
    ['ClientException', 'TaskDefinition not found.', 'definition-gone'],
    ['ServerException', 'TaskDefinition is inactive', 'failed'],
    ['ClientException', 'The cluster is inactive', 'failed'],
  ])('%s "%s" is %s', async (name, message, kind) => {
    const httpStatusCode = name === 'ServerException' ? 500 : 400;
    ecs
      .on(RunTaskCommand)
      .rejects(Object.assign(new Error(message), { name, $metadata: { httpStatusCode } }));
    expect(await runJobTask(settings, order, 'FARGATE')).toMatchObject({ kind, reason: message });
  });

  it.each([
    ['TimeoutError', {}, true],
    ['ECONNRESET', {}, true],
    ['SyntaxError', {}, true],
    ['ServerException', { $metadata: { httpStatusCode: 500 } }, true],
    ['InvalidParameterException', { $metadata: { httpStatusCode: 400 } }, false],
    ['AccessDeniedException', { $metadata: { httpStatusCode: 400 } }, false],
  ])('after %s %j a task may run: %s', async (name, more, mayRun) => {
    ecs.on(RunTaskCommand).rejects(Object.assign(new Error('no'), { name }, more));
    expect(await runJobTask(settings, order, 'FARGATE')).toMatchObject({ kind: 'failed', mayRun });
  });
});

it('a throttled call starts nothing, and may be retried', async () => {
  ecs.on(RunTaskCommand).rejects(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));
  expect(await runJobTask(settings, order, 'FARGATE')).toEqual({
    kind: 'not-now',
    why: 'throttled',
    capacityProvider: 'FARGATE',
    reason: 'Rate exceeded',
  });
});

describe('the overrides', () => {
  it('give the helper its key and heartbeat timeout, and the services their variables', () => {
    const services = new Map([
      ['svc-0', [{ name: 'A', value: 'b' }]],
      ['svc-1', []],
    ]);
    expect(jobTaskOverrides('ssh-ed25519 AAAA', 300, services, { jobId: 4711 }).containerOverrides).toEqual([
      {
        name: 'helper',
        environment: [
          { name: 'SSH_PUBLIC_KEY', value: 'ssh-ed25519 AAAA' },
          { name: 'DEAD_MAN_SECONDS', value: '300' },
          { name: 'JOB_ID', value: '4711' },
        ],
      },
      { name: 'svc-0', environment: [{ name: 'A', value: 'b' }] },
    ]);
  });

  it("above AWS's limit are refused before the call", () => {
    const large = new Map([['svc-0', [{ name: 'A', value: 'x'.repeat(8192) }]]]);
    expect(() => jobTaskOverrides('ssh-ed25519 AAAA', 300, large, { jobId: 4711 })).toThrow(JobRefusedError);
  });
});
