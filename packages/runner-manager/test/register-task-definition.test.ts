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
  it('registers a definition that does not exist', async () => {
    expect(await registry().find(definition)).toEqual({ arn, isNew: true });
  });

  it('finds an existing definition', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: arn, status: 'ACTIVE' } });
    expect(await registry().find(definition)).toEqual({ arn, isNew: false });
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(0);
  });

  it('registers a deregistered definition again', async () => {
    ecs
      .on(DescribeTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: arn, status: 'INACTIVE' } });
    expect((await registry().find(definition)).isNew).toBe(true);
  });

  it('calls AWS once for fifty jobs of one shape, concurrent and later ones', async () => {
    const { find } = registry();
    const found = await Promise.all(Array.from({ length: 50 }, () => find(definition)));
    await find(definition);
    expect(found.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(ecs.commandCalls(DescribeTaskDefinitionCommand)).toHaveLength(1);
    expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(1);
  });

  it('does not cache a failure', async () => {
    const { find } = registry();
    ecs
      .on(RegisterTaskDefinitionCommand)
      .rejectsOnce(new Error('Rate exceeded'))
      .resolves({ taskDefinition: { taskDefinitionArn: arn } });
    await expect(find(definition)).rejects.toThrow('Rate exceeded');
    expect(await find(definition)).toEqual({ arn, isNew: true });
  });

  describe('with a revision that ECS refuses', () => {
    const second = arn.replace(/1$/, '2');
    const describes = (status: 'ACTIVE' | 'INACTIVE') =>
      ecs.on(DescribeTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: arn, status } });

    it.each(['INACTIVE', 'ACTIVE'] as const)(
      'registers another, though DescribeTaskDefinition says %s',
      async (status) => {
        describes('ACTIVE');
        ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: second } });
        const { find, replace } = registry();
        await find(definition);
        describes(status);
        expect(await replace(definition, arn)).toEqual({ arn: second, isNew: true });
        expect(await find(definition)).toEqual({ arn: second, isNew: false });
      },
    );

    it('uses what another manager has registered meanwhile', async () => {
      const { find, replace } = registry();
      await find(definition);
      ecs
        .on(DescribeTaskDefinitionCommand)
        .resolves({ taskDefinition: { taskDefinitionArn: second, status: 'ACTIVE' } });
      expect(await replace(definition, arn)).toEqual({ arn: second, isNew: false });
    });

    it('registers one for all jobs that are refused concurrently, and for later ones', async () => {
      const { find, replace } = registry();
      await find(definition);
      ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: second } });
      const found = await Promise.all(Array.from({ length: 50 }, () => replace(definition, arn)));
      found.push(await replace(definition, arn));
      expect(found.map((one) => one.arn)).toEqual(Array.from({ length: 51 }, () => second));
      expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(2);
    });

    it('retries after a failure', async () => {
      const { find, replace } = registry();
      await find(definition);
      ecs.on(RegisterTaskDefinitionCommand).rejects(new Error('Rate exceeded'));
      await expect(replace(definition, arn)).rejects.toThrow('Rate exceeded');
      ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: second } });
      expect(await replace(definition, arn)).toEqual({ arn: second, isNew: true });
    });
  });
});
