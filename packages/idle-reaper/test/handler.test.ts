import {
  DescribeTasksCommand,
  ECSClient,
  ListTaskDefinitionFamiliesCommand,
  ListTasksCommand,
  TagResourceCommand,
} from '@aws-sdk/client-ecs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { definitionArn } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { managerFamily, toTags } from '@serverless-gitlab-runner/fleet';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it, vi } from 'vitest';
import { fleetInput } from './support/fleets.ts';

vi.stubEnv('CLUSTER', 'cluster');
vi.stubEnv('EVENT_BUS_NAME', 'bus');
vi.stubEnv('PARAMETER_PREFIX', '/p');
vi.stubEnv('AWS_REGION', 'eu-west-1');
vi.stubEnv('LOG_LEVEL', 'SILENT');

const ecs = mockClient(ECSClient);
const ssm = mockClient(SSMClient);
const secrets = mockClient(SecretsManagerClient);
const bus = mockClient(EventBridgeClient);
const { handler } = await import('../src/handler.ts');

it('runs a sweep: drains an idle manager and publishes the event', async () => {
  const taskArn = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123456789abcdef0123456789abcdef';
  const tags = toTags({ role: 'manager', fleet: 'default' });
  const old = new Date(Date.now() - 3_600_000);
  ecs.on(ListTasksCommand, { desiredStatus: 'RUNNING' }).resolves({ taskArns: [taskArn] });
  ecs.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [] });
  const taskDefinitionArn = definitionArn(managerFamily('default'));
  ecs.on(DescribeTasksCommand).resolves({
    tasks: [{ taskArn, taskDefinitionArn, lastStatus: 'RUNNING', createdAt: old, startedAt: old, tags }],
  });
  ecs.on(TagResourceCommand).resolves({});
  ssm.on(GetParametersByPathCommand).resolves({
    Parameters: [{ Name: '/p/fleets/default/config', Value: JSON.stringify(fleetInput()) }],
  });
  ecs.on(ListTaskDefinitionFamiliesCommand).resolves({ families: [] });
  secrets.on(ListSecretsCommand).resolves({ SecretList: [] });
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'id' }] });
  expect(await handler()).toMatchObject({ managers: 1, drained: 1, failures: 0 });
  expect(bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]?.DetailType).toBe(
    'ManagerDraining',
  );
  expect(secrets.commandCalls(ListSecretsCommand)[0]?.args[0].input.Filters).toEqual([
    { Key: 'name', Values: ['p/jobs/'] },
  ]);
});
