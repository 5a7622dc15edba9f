import { DescribeTasksCommand, ECSClient, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ChangeMessageVisibilityBatchCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { jobFamilyPrefix, managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_TOKEN, jobJson, startGitLab } from './support/gitlab.ts';
import { fleetDocument, queued } from './support/launcher.ts';

vi.stubEnv('CLUSTER', 'cluster');
vi.stubEnv('EVENT_BUS_NAME', 'bus');
vi.stubEnv('QUEUE_URL', 'https://sqs.eu-west-1.amazonaws.com/1/queue');
vi.stubEnv('DEAD_LETTER_QUEUE_URL', 'https://sqs.eu-west-1.amazonaws.com/1/dead');
vi.stubEnv('PARAMETER_PREFIX', '/p');
vi.stubEnv('AWS_REGION', 'eu-west-1');
vi.stubEnv('LOG_LEVEL', 'SILENT');

const ecs = mockClient(ECSClient);
const ssm = mockClient(SSMClient);
const sqs = mockClient(SQSClient);
const bus = mockClient(EventBridgeClient);
const { handler } = await import('../src/handler.ts');

const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/1';
const taskDefinitionArn = definitionArn(managerFamily('default'));
const record = ({ messageId, receiptHandle, body }: ReturnType<typeof queued>) => ({
  messageId,
  receiptHandle,
  body,
  attributes: { ApproximateReceiveCount: '1' },
});

/** A job that was assigned to a manager comes back until it has a task. */
const checkedAgain = { batchItemFailures: [{ itemIdentifier: 'm-e1' }] };

/** Time moves on, so that no test reads what an earlier one cached. */
let clock = Date.now();

beforeEach(() => {
  clock += 60_000;
  vi.setSystemTime(clock);
  for (const mock of [ecs, ssm, sqs, bus]) mock.reset();
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: fleetDocument() } });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
  ecs.on(DescribeTasksCommand).resolves({ tasks: [] });
  ecs.on(RunTaskCommand).resolves({ tasks: [{ taskArn, taskDefinitionArn, lastStatus: 'PROVISIONING' }] });
  sqs
    .on(SendMessageBatchCommand)
    .resolves({ Successful: [{ Id: '0', MessageId: 'x', MD5OfMessageBody: 'x' }] });
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'id' }] });
});

afterEach(() => vi.useRealTimers());

describe('the Lambda', () => {
  it('starts a manager and publishes the event', async () => {
    expect(await handler({ Records: [record(queued(1))] })).toEqual(checkedAgain);
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(1);
    expect(bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]?.DetailType).toBe(
      'ManagerLaunched',
    );
  });

  it('checks a job again after some seconds, until it has a task', async () => {
    await handler({ Records: [record(queued(7))] });
    const [call] = sqs.commandCalls(ChangeMessageVisibilityBatchCommand);
    expect(call?.args[0].input.Entries?.[0]?.VisibilityTimeout).toBeGreaterThanOrEqual(8);
    expect(call?.args[0].input.Entries?.[0]?.VisibilityTimeout).toBeLessThanOrEqual(10);
    ecs.on(ListTasksCommand).resolves({ taskArns: [taskArn] });
    const jobTask = { taskArn, taskDefinitionArn: definitionArn(`${jobFamilyPrefix('default')}1`) };
    const tags = toTags({ jobId: '7' });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [{ ...jobTask, lastStatus: 'PROVISIONING', tags }] });
    vi.setSystemTime(Date.now() + 10_000);
    expect(await handler({ Records: [record(queued(7))] })).toEqual({ batchItemFailures: [] });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(1);
  });

  it('asks GitLab with the fleet’s API token, and starts nothing for a job that no longer waits', async () => {
    const gitlab = await startGitLab({ '/projects/1/jobs/1': jobJson(1, { status: 'canceled' }) });
    const document = { ...JSON.parse(fleetDocument()), name: 'tagged', gitlabUrl: gitlab.url, gitlabApi: {} };
    ssm
      .on(GetParameterCommand, { Name: '/p/fleets/tagged/config' })
      .resolves({ Parameter: { Value: JSON.stringify(document) } });
    ssm
      .on(GetParameterCommand, { Name: '/p/fleets/tagged/api-token', WithDecryption: true })
      .resolves({ Parameter: { Value: API_TOKEN } });
    expect(await handler({ Records: [record(queued(1, { fleet: 'tagged' }))] })).toEqual({
      batchItemFailures: [],
    });
    expect(gitlab.requests).toEqual([{ url: '/gitlab/api/v4/projects/1/jobs/1', token: API_TOKEN }]);
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
    expect(bus.commandCalls(PutEventsCommand)).toHaveLength(0);
  });

  it('does not retry a message when only the event could not be published', async () => {
    bus.on(PutEventsCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    expect(await handler({ Records: [record(queued(1))] })).toEqual(checkedAgain);
  });

  it('names the messages that must come back', async () => {
    ecs.on(RunTaskCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }));
    const broken = { ...record(queued(2)), body: 'nothing' };
    expect(await handler({ Records: [record(queued(1)), broken] })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm-e1' }],
    });
    expect(sqs.commandCalls(SendMessageBatchCommand)).toHaveLength(1);
  });

  it('fails on an event that is not from SQS, so that nothing is deleted', async () => {
    await expect(handler({ hello: 'world' })).rejects.toThrow('Records');
  });
});
