import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { accessDenied, CallRecord, internalError, throttled } from '../src/index.ts';
import { anyAws, type Bench, signed, startBench } from './bench.ts';

const credentials = { accessKeyId: 'ASIAMANAGER', secretAccessKey: 'x' };

function client(bench: Bench, maxAttempts = 1) {
  return { endpoint: bench.proxy.url, region: 'us-east-1', credentials, maxAttempts };
}

const aws = () => startBench((_request, response) => response.end('{}'), anyAws);

describe('calls of the real SDK', () => {
  it.each([
    [
      'ecs',
      'RunTask',
      (bench: Bench) => new ECSClient(client(bench)).send(new RunTaskCommand({ taskDefinition: 'f' })),
    ],
    [
      'ssm',
      'GetParameter',
      (bench: Bench) => new SSMClient(client(bench)).send(new GetParameterCommand({ Name: 'n' })),
    ],
    [
      'events',
      'PutEvents',
      (bench: Bench) => new EventBridgeClient(client(bench)).send(new PutEventsCommand({ Entries: [] })),
    ],
    [
      'sqs',
      'SendMessage',
      (bench: Bench) =>
        new SQSClient(client(bench)).send(
          new SendMessageCommand({ QueueUrl: 'http://q/1/q', MessageBody: 'b' }),
        ),
    ],
    [
      'lambda',
      'Invoke',
      (bench: Bench) => new LambdaClient(client(bench)).send(new InvokeCommand({ FunctionName: 'f' })),
    ],
  ])('names %s %s and its caller', async (service, operation, call) => {
    const bench = await aws();
    await call(bench).catch(() => undefined);
    expect(bench.calls).toMatchObject([{ call: { service, operation, caller: 'manager' } }]);
  });

  it.each([
    ['GET', 'GetObject'],
    ['HEAD', 'HeadObject'],
    ['PUT', 'PutObject'],
  ])('names what a pre-signed %s does, and to what', async (method, operation) => {
    const bench = await aws();
    const credential = encodeURIComponent('ASIASTS/20261124/us-east-1/s3/aws4_request');
    const body = method === 'PUT' ? { body: 'archive' } : {};
    const query = `X-Amz-Credential=${credential}&X-Amz-Signature=x`;
    await fetch(`${bench.proxy.url}/caches/f/project/7/k%20l?${query}`, { method, ...body });
    const parameters = { Bucket: 'caches', Key: 'f/project/7/k l' };
    expect(bench.calls).toMatchObject([
      { call: { service: 's3', operation, parameters, caller: 'SharedFleetdefaultCacheRole' } },
    ]);
    expect(JSON.stringify(bench.calls.map(({ call }) => call.parameters))).not.toContain('X-Amz');
  });

  it.each([
    [
      'ecs',
      throttled,
      'ThrottlingException',
      (bench: Bench) => new ECSClient(client(bench)).send(new RunTaskCommand({ taskDefinition: 'f' })),
    ],
    [
      'ssm',
      accessDenied,
      'AccessDeniedException',
      (bench: Bench) => new SSMClient(client(bench)).send(new GetParameterCommand({ Name: 'n' })),
    ],
    [
      'lambda',
      throttled,
      'ThrottlingException',
      (bench: Bench) => new LambdaClient(client(bench)).send(new InvokeCommand({ FunctionName: 'f' })),
    ],
    [
      'events',
      internalError,
      'InternalServerError',
      (bench: Bench) => new EventBridgeClient(client(bench)).send(new PutEventsCommand({ Entries: [] })),
    ],
  ] as const)('makes an error of %s that the SDK knows by its name', async (service, answer, name, call) => {
    const bench = await aws();
    bench.proxy.add({ match: { service }, effect: { kind: 'answer', answer } });
    await expect(call(bench)).rejects.toMatchObject({ name });
    expect(bench.received).toEqual([]);
  });

  it('makes throttles that the SDK tries again after', async () => {
    const bench = await aws();
    bench.proxy.add({
      match: { operation: 'GetParameter' },
      effect: { kind: 'answer', answer: throttled },
      times: 1,
    });
    await new SSMClient(client(bench, 3)).send(new GetParameterCommand({ Name: 'n' }));
    expect(bench.calls.map(({ outcome }) => outcome)).toEqual([400, 200]);
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
    ['an access key that nobody named', signed('ecs', 'X.ListTasks', 'AKIASTRANGER'), 'AKIASTRANGER'],
    ['nothing', { 'x-amz-target': 'X.ListTasks' }, ''],
  ])('takes %s for the caller', async (_what, headers, caller) => {
    const bench = await aws();
    await fetch(bench.proxy.url, { method: 'POST', headers, body: '{}' });
    expect(bench.calls).toMatchObject([{ call: { operation: 'ListTasks', caller } }]);
  });

  it('names Query calls by their Action and answers their errors in XML', async () => {
    const bench = await aws();
    bench.proxy.add({
      match: { operation: 'DescribeVpcs' },
      effect: { kind: 'answer', answer: accessDenied },
    });
    const headers = { ...signed('ec2'), 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(bench.proxy.url, {
      method: 'POST',
      headers,
      body: 'Action=DescribeVpcs&Version=1',
    });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });

  it('passes on what it does not understand', async () => {
    const bench = await aws();
    const headers = signed('ecs', 'X.ListTasks');
    const answer = await fetch(bench.proxy.url, { method: 'POST', headers, body: 'no json' });
    expect(answer.status).toBe(200);
    expect(bench.received.map(({ body }) => String(body))).toEqual(['no json']);
  });
});

describe('the record', () => {
  it('keeps who called what about which resource, and no secret', async () => {
    const bench = await aws();
    const ssm = new SSMClient(client(bench));
    const secret = 'glrt-very-secret';
    await ssm.send(new PutParameterCommand({ Name: '/a/runner-token', Value: secret, Type: 'SecureString' }));
    const record = new CallRecord();
    for (const { call, outcome } of bench.calls) record.add(call, outcome);
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

  it('counts calls that differ by a task id only as one kind, and others apart', async () => {
    const bench = await aws();
    const task = (id: string) => `arn:aws:ecs:us-east-1:000000000000:task/c/${id.repeat(32)}`;
    const bodies = [[task('a')], [task('b')], [task('b'), task('c')]].map((tasks) =>
      JSON.stringify({ cluster: 'c', tasks }),
    );
    for (const body of [...bodies, JSON.stringify({ cluster: 'other', tasks: [task('a')] })])
      await fetch(bench.proxy.url, { method: 'POST', headers: signed('ecs', 'X.DescribeTasks'), body });
    const record = new CallRecord();
    for (const { call, outcome } of bench.calls) record.add(call, outcome);
    expect(record.all.map(({ calls }) => calls).sort()).toEqual([1, 3]);
  });
});
