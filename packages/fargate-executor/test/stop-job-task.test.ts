import { ECSClient, InvalidParameterException, StopTaskCommand } from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { stopTask } from '../src/job/stop-job-task.ts';

const ecs = mockClient(ECSClient);
const client = new ECSClient({ region: 'eu-west-1' });

beforeEach(() => {
  ecs.reset();
});

it('takes a task that is not there any more for stopped', async () => {
  const gone = new InvalidParameterException({
    message: 'The referenced task was not found.',
    $metadata: {},
  });
  ecs.on(StopTaskCommand).rejects(gone);
  await stopTask(client, 'ci', 'task', 'the job is over');
});

it('does not take a task for stopped when AWS refuses', async () => {
  ecs.on(StopTaskCommand).rejects(new Error('not authorized'));
  await expect(stopTask(client, 'ci', 'task', 'the job is over')).rejects.toThrow('not authorized');
});

it('says why, as long as AWS lets it', async () => {
  ecs.on(StopTaskCommand).resolves({});
  await stopTask(client, 'ci', 'task', 'x'.repeat(1000));
  expect(ecs.commandCalls(StopTaskCommand)[0]?.args[0].input.reason).toHaveLength(255);
});
