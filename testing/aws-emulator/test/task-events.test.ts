import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { until } from '@serverless-gitlab-runner/machine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { EmulatorFixture, shell } from './support/emulator-fixture.ts';

const eventSchema = z.object({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Task State Change'),
  resources: z.array(z.string()),
  detail: z.looseObject({
    taskArn: z.string(),
    lastStatus: z.string(),
    desiredStatus: z.string(),
    version: z.int(),
    containers: z.array(
      z.looseObject({ name: z.string(), lastStatus: z.string(), exitCode: z.int().optional() }),
    ),
  }),
});
type TaskEvent = z.infer<typeof eventSchema>;

let fixture: EmulatorFixture;
let sqs: SQSClient;
let queue: string;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('events');
  sqs = new SQSClient(fixture.clientOptions);
  const events = new EventBridgeClient(fixture.clientOptions);
  queue = (await sqs.send(new CreateQueueCommand({ QueueName: 'changes' }))).QueueUrl ?? '';
  const EventPattern = JSON.stringify({ source: ['aws.ecs'], 'detail-type': ['ECS Task State Change'] });
  await events.send(new PutRuleCommand({ Name: 'changes', EventPattern }));
  const Targets = [{ Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:000000000000:changes' }];
  await events.send(new PutTargetsCommand({ Rule: 'changes', Targets }));
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

/** All events of a task until STOPPED, by version. */
async function eventsOf(taskArn: string | undefined): Promise<TaskEvent[]> {
  const seen: TaskEvent[] = [];
  await until('the event of a stopped task', async () => {
    const input = { QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
    for (const message of (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? []) {
      seen.push(eventSchema.parse(JSON.parse(message.Body ?? '')));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message.ReceiptHandle }));
    }
    return seen.some(({ detail }) => detail.lastStatus === 'STOPPED') ? true : undefined;
  });
  return seen
    .filter(({ detail }) => detail.taskArn === taskArn)
    .sort((a, b) => a.detail.version - b.detail.version);
}

it('puts every change of a task on the default bus, from PROVISIONING to STOPPED, each with its own version', async () => {
  const task = await fixture.runToEnd(
    [shell('main', 'sleep 1; exit 7')],
    {},
    { startedBy: 'manager-1', group: 'jobs' },
  );
  const events = await eventsOf(task.taskArn);
  const statuses = events.map(({ detail }) => `${detail.lastStatus}/${detail.desiredStatus}`);
  expect(statuses).toEqual([
    'PROVISIONING/RUNNING',
    'PENDING/RUNNING',
    'ACTIVATING/RUNNING',
    'RUNNING/RUNNING',
    'RUNNING/STOPPED',
    'DEACTIVATING/STOPPED',
    'STOPPING/STOPPED',
    'DEPROVISIONING/STOPPED',
    'STOPPED/STOPPED',
  ]);
  expect(events.map(({ detail }) => detail.version)).toEqual(events.map((_, index) => index + 1));
  const last = events.at(-1);
  expect(last?.resources).toEqual([task.taskArn]);
  expect(last?.detail).toMatchObject({
    clusterArn: task.clusterArn,
    taskDefinitionArn: task.taskDefinitionArn,
    startedBy: 'manager-1',
    group: 'jobs',
    launchType: 'FARGATE',
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    overrides: { containerOverrides: [] },
    cpu: '512',
    memory: '1024',
  });
  expect(last?.detail.containers[0]).toMatchObject({ name: 'main', lastStatus: 'STOPPED', exitCode: 7 });
  expect(last?.detail.stoppedAt).toMatch(/^\d{4}-\d\d-\d\dT/);
});

it('reports the end of a non-essential container while the task continues', async () => {
  const side = shell('side', 'exit 4', { essential: false });
  const task = await fixture.runToEnd([shell('main', 'sleep 1.5'), side]);
  const events = await eventsOf(task.taskArn);
  const event = events.find(
    ({ detail }) =>
      detail.lastStatus === 'RUNNING' && detail.containers.some(({ lastStatus }) => lastStatus === 'STOPPED'),
  );
  expect(event?.detail.desiredStatus).toBe('RUNNING');
  expect(event?.detail.containers.find(({ name }) => name === 'side')?.exitCode).toBe(4);
});
