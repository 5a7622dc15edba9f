import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { accessDenied, CallRecord, internalError, throttled } from '../src/index.ts';
import { type ProxyFixture, signed, startProxyFixture, testAwsDialect } from './proxy-fixture.ts';

const credentials = { accessKeyId: 'ASIAMANAGER', secretAccessKey: 'x' };

function client(fixture: ProxyFixture, maxAttempts = 1) {
  return { endpoint: fixture.proxy.url, region: 'us-east-1', credentials, maxAttempts };
}

const aws = () => startProxyFixture((_request, response) => response.end('{}'), testAwsDialect);

describe('calls of the real SDK', () => {
  it.each([
    [
      'ecs',
      'RunTask',
      (fixture: ProxyFixture) =>
        new ECSClient(client(fixture)).send(new RunTaskCommand({ taskDefinition: 'f' })),
    ],
    [
      'ssm',
      'GetParameter',
      (fixture: ProxyFixture) => new SSMClient(client(fixture)).send(new GetParameterCommand({ Name: 'n' })),
    ],
    [
      'events',
      'PutEvents',
      (fixture: ProxyFixture) =>
        new EventBridgeClient(client(fixture)).send(new PutEventsCommand({ Entries: [] })),
    ],
    [
      'sqs',
      'SendMessage',
      (fixture: ProxyFixture) =>
        new SQSClient(client(fixture)).send(
          new SendMessageCommand({ QueueUrl: 'http://q/1/q', MessageBody: 'b' }),
        ),
    ],
    [
      'lambda',
      'Invoke',
      (fixture: ProxyFixture) =>
        new LambdaClient(client(fixture)).send(new InvokeCommand({ FunctionName: 'f' })),
    ],
  ])('names %s %s and its caller', async (service, operation, call) => {
    const fixture = await aws();
    await call(fixture).catch(() => undefined);
    expect(fixture.calls).toMatchObject([{ call: { service, operation, caller: 'manager' } }]);
  });

  it.each([
    ['GET', 'GetObject'],
    ['HEAD', 'HeadObject'],
    ['PUT', 'PutObject'],
  ])('names the operation and the object of a pre-signed %s', async (method, operation) => {
    const fixture = await aws();
    const credential = encodeURIComponent('ASIASTS/20261124/us-east-1/s3/aws4_request');
    const body = method === 'PUT' ? { body: 'archive' } : {};
    const query = `X-Amz-Credential=${credential}&X-Amz-Signature=x`;
    await fetch(`${fixture.proxy.url}/caches/f/project/7/k%20l?${query}`, { method, ...body });
    const parameters = { Bucket: 'caches', Key: 'f/project/7/k l' };
    expect(fixture.calls).toMatchObject([
      { call: { service: 's3', operation, parameters, caller: 'SharedFleetdefaultCacheRole' } },
    ]);
    expect(JSON.stringify(fixture.calls.map(({ call }) => call.parameters))).not.toContain('X-Amz');
  });

  it.each([
    [
      'ecs',
      throttled,
      'ThrottlingException',
      (fixture: ProxyFixture) =>
        new ECSClient(client(fixture)).send(new RunTaskCommand({ taskDefinition: 'f' })),
    ],
    [
      'ssm',
      accessDenied,
      'AccessDeniedException',
      (fixture: ProxyFixture) => new SSMClient(client(fixture)).send(new GetParameterCommand({ Name: 'n' })),
    ],
    [
      'lambda',
      throttled,
      'ThrottlingException',
      (fixture: ProxyFixture) =>
        new LambdaClient(client(fixture)).send(new InvokeCommand({ FunctionName: 'f' })),
    ],
    [
      'events',
      internalError,
      'InternalServerError',
      (fixture: ProxyFixture) =>
        new EventBridgeClient(client(fixture)).send(new PutEventsCommand({ Entries: [] })),
    ],
  ] as const)('an error of %s is recognised by the SDK', async (service, answer, name, call) => {
    const fixture = await aws();
    fixture.proxy.add({ match: { service }, effect: { kind: 'answer', answer } });
    await expect(call(fixture)).rejects.toMatchObject({ name });
    expect(fixture.received).toEqual([]);
  });

  it('the SDK retries after a throttling error', async () => {
    const fixture = await aws();
    fixture.proxy.add({
      match: { operation: 'GetParameter' },
      effect: { kind: 'answer', answer: throttled },
      times: 1,
    });
    await new SSMClient(client(fixture, 3)).send(new GetParameterCommand({ Name: 'n' }));
    expect(fixture.calls.map(({ outcome }) => outcome)).toEqual([400, 200]);
  });
});

describe('naming', () => {
  it.each([
    [
      'the app id of a Lambda',
      {
        ...signed('ecs', 'X.ListTasks', '000000000000'),
        'user-agent': 'aws-sdk-js/3 app/idle-reaper-PT-NO-OP-2',
      },
      'idle-reaper',
    ],
    ['a known access key', signed('ecs', 'X.ListTasks'), 'manager'],
    [
      "a known access key, if the app id is Powertools' alone",
      { ...signed('ecs', 'X.ListTasks'), 'user-agent': 'aws-sdk-js/3 app/PT-NO-OP-2.36.0-PTEnv-NA' },
      'manager',
    ],
    ['an unknown access key', signed('ecs', 'X.ListTasks', 'AKIASTRANGER'), 'AKIASTRANGER'],
    ['empty without credentials', { 'x-amz-target': 'X.ListTasks' }, ''],
  ])('the caller is %s', async (_what, headers, caller) => {
    const fixture = await aws();
    await fetch(fixture.proxy.url, { method: 'POST', headers, body: '{}' });
    expect(fixture.calls).toMatchObject([{ call: { operation: 'ListTasks', caller } }]);
  });

  it('names Query calls by their Action and formats their errors in XML', async () => {
    const fixture = await aws();
    fixture.proxy.add({
      match: { operation: 'DescribeVpcs' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const headers = { ...signed('ec2'), 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(fixture.proxy.url, {
      method: 'POST',
      headers,
      body: 'Action=DescribeVpcs&Version=1',
    });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it('forwards calls that it cannot parse', async () => {
    const fixture = await aws();
    const headers = signed('ecs', 'X.ListTasks');
    const answer = await fetch(fixture.proxy.url, { method: 'POST', headers, body: 'no json' });
    expect(answer.status).toBe(200);
    expect(fixture.received.map(({ body }) => String(body))).toEqual(['no json']);
  });
});

describe('the record', () => {
  it('contains callers, operations and resources, but no secrets', async () => {
    const fixture = await aws();
    const ssm = new SSMClient(client(fixture));
    const secret = 'glrt-very-secret';
    await ssm.send(new PutParameterCommand({ Name: '/a/runner-token', Value: secret, Type: 'SecureString' }));
    const record = new CallRecord();
    for (const { call, outcome } of fixture.calls) record.add(call, outcome);
    expect(record.all).toMatchObject([
      {
        caller: 'manager',
        service: 'ssm',
        operation: 'PutParameter',
        parameters: { Name: '/a/runner-token' },
        status: 200,
      },
    ]);
    expect(JSON.stringify(record.all)).not.toContain(secret);
  });

  it('counts calls together that differ only in task ids', async () => {
    const fixture = await aws();
    const task = (id: string) => `arn:aws:ecs:us-east-1:000000000000:task/c/${id.repeat(32)}`;
    const bodies = [[task('a')], [task('b')], [task('b'), task('c')]].map((tasks) =>
      JSON.stringify({ cluster: 'c', tasks }),
    );
    for (const body of [...bodies, JSON.stringify({ cluster: 'other', tasks: [task('a')] })])
      await fetch(fixture.proxy.url, { method: 'POST', headers: signed('ecs', 'X.DescribeTasks'), body });
    const record = new CallRecord();
    for (const { call, outcome } of fixture.calls) record.add(call, outcome);
    expect(record.all.map(({ calls }) => calls).sort()).toEqual([1, 3]);
  });
});
