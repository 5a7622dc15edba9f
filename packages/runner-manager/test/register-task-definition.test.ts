import {
  ClientException,
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTaskDefinitionRegistry } from '../src/task/register-task-definition.ts';

const ecs = mockClient(ECSClient);
const definition = { family: 'serverless-gitlab-runner-job-1', containerDefinitions: [] };
const arn = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/serverless-gitlab-runner-job-1:1';
const unknown = new ClientException({ message: 'Unable to describe task definition.', $metadata: {} });

beforeEach(() => {
  ecs.reset();
  ecs.on(DescribeTaskDefinitionCommand).rejects(unknown);
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: arn } });
});

const registry = () => createTaskDefinitionRegistry(new ECSClient({ region: 'eu-west-1' }));

describe('a task definition registry', () => {
  it('registers what is not there', async () => {
    expect(await registry()(definition)).toEqual({ arn, isNew: true });
  });

  it('finds what is there', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: arn, status: 'ACTIVE' } });
    expect(await registry()(definition)).toEqual({ arn, isNew: false });
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(0);
  });

  it('registers anew what somebody deregistered', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: arn, status: 'INACTIVE' } });
    expect((await registry()(definition)).isNew).toBe(true);
  });

  it('asks AWS once for fifty jobs of one shape, at one time and later', async () => {
    const find = registry();
    const found = await Promise.all(Array.from({ length: 50 }, () => find(definition)));
    await find(definition);
    expect(found.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)).toHaveLength(1);
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(1);
  });

  it('does not remember a failure', async () => {
    const find = registry();
    ecs
      .on(RegisterTaskDefinitionCommand)
      .rejectsOnce(new Error('Rate exceeded'))
      .resolves({ taskDefinition: { taskDefinitionArn: arn } });
    await expect(find(definition)).rejects.toThrow('Rate exceeded');
    expect(await find(definition)).toEqual({ arn, isNew: true });
  });
});
