import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExecutorFixture, makeExecutorFixture, RUNNING_TASK } from './support/executor-fixture.ts';

const PASSWORD = 'planted-password';
const registry = { type: 'registry', username: 'me', password: PASSWORD };
const ARN = 'arn:aws:secretsmanager:eu-west-1:1:secret:fleet';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture((fleet) => ({
    ...fleet,
    job: { ...fleet.job, registryCredentials: { 'fleet.example.com': ARN } },
  }));
  fixture.ecs.on(DescribeTaskDefinitionCommand).resolves({});
  fixture.ecs
    .on(RegisterTaskDefinitionCommand)
    .resolves({ taskDefinition: { taskDefinitionArn: 'family:1' } });
  // A task whose images are still being pulled, though its helper answers.
  fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [withContainers('PENDING')] });
});

afterEach(() => fixture.remove());

const withContainers = (lastStatus: string) => ({
  ...RUNNING_TASK,
  containers: [{ name: 'svc-0', lastStatus }],
});
const deleted = () => fixture.secrets.commandCalls(DeleteSecretCommand).length;
const job = {
  image: { name: 'r.example.com/a:1' },
  services: [{ name: 'r.example.com/b:1' }, { name: 'fleet.example.com/c:1' }, { name: 'alpine:3' }],
  credentials: [{ ...registry, url: 'r.example.com' }],
};

describe('a job with private images', () => {
  it('has one secret for one login, which the task definition refers to', async () => {
    await fixture.prepare(job);
    const [
      {
        args: [
          {
            input: { Name: secret = 'none' },
          },
        ],
      } = { args: [{ input: {} }] },
      ...others
    ] = fixture.secrets.commandCalls(CreateSecretCommand);
    expect(others).toEqual([]);
    const [call] = fixture.ecs.commandCalls(RegisterTaskDefinitionCommand);
    const containers = call?.args[0].input.containerDefinitions ?? [];
    expect(
      containers.map(({ repositoryCredentials }) => repositoryCredentials?.credentialsParameter),
    ).toEqual([undefined, secret, secret, ARN, undefined]);
    const sent = [
      ...fixture.ecs.commandCalls(RegisterTaskDefinitionCommand),
      ...fixture.ecs.commandCalls(RunTaskCommand),
    ];
    const told = JSON.stringify([sent.map(({ args }) => args[0].input), fixture.events, fixture.log]);
    expect(told).not.toContain(PASSWORD);
  });

  it('has its secret deleted as soon as its images are pulled', async () => {
    await fixture.prepare(job);
    expect(deleted()).toBe(0);
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [withContainers('RUNNING')] });
    await vi.waitFor(() => expect(deleted()).toBe(1));
    await fixture.cleanup();
    expect(deleted()).toBe(1);
  });

  it('keeps its secret until its task has stopped if it is cleaned up during the pull', async () => {
    await fixture.prepare(job);
    await fixture.cleanup();
    expect(fixture.stopped()).toHaveLength(1);
    fixture.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...withContainers('PENDING'), lastStatus: 'STOPPING' }] });
    await fixture.context.watcher.poll();
    expect(deleted()).toBe(0);
    fixture.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...withContainers('STOPPED'), lastStatus: 'STOPPED' }] });
    await vi.waitFor(() => expect(deleted()).toBe(1));
  });

  it('has its secret deleted at once if AWS refuses to start it', async () => {
    fixture.ecs.on(RunTaskCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await fixture.prepare(job);
    await fixture.cleanup();
    expect(deleted()).toBe(1);
  });

  it('leaves its secret to the reaper if RunTask got no response: its task may run and pull', async () => {
    fixture.ecs.on(RunTaskCommand).rejects(Object.assign(new Error('late'), { name: 'TimeoutError' }));
    await fixture.prepare(job);
    await fixture.cleanup();
    expect(deleted()).toBe(0);
  });

  it('is a system failure if AWS creates no secret', async () => {
    fixture.secrets.on(CreateSecretCommand).rejects(new Error('AccessDenied'));
    expect(await fixture.prepare(job)).toBe('system-failure');
    expect(fixture.ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });
});
