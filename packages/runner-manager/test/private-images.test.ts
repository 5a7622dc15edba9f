import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExecutorBed, makeExecutorBed, RUNNING_TASK } from './support/executor-bed.ts';

const PASSWORD = 'planted-password';
const registry = { type: 'registry', username: 'me', password: PASSWORD };
const ARN = 'arn:aws:secretsmanager:eu-west-1:1:secret:fleet';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed((fleet) => ({
    ...fleet,
    job: { ...fleet.job, registryCredentials: { 'fleet.example.com': ARN } },
  }));
  bed.ecs.on(DescribeTaskDefinitionCommand).resolves({});
  bed.ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'family:1' } });
  // A task whose images are still being pulled, though its helper answers.
  bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [withContainers('PENDING')] });
});

afterEach(() => bed.remove());

const withContainers = (lastStatus: string) => ({
  ...RUNNING_TASK,
  containers: [{ name: 'svc-0', lastStatus }],
});
const deleted = () => bed.secrets.commandCalls(DeleteSecretCommand).length;
const job = {
  image: { name: 'r.example.com/a:1' },
  services: [{ name: 'r.example.com/b:1' }, { name: 'fleet.example.com/c:1' }, { name: 'alpine:3' }],
  credentials: [{ ...registry, url: 'r.example.com' }],
};

describe('a job with private images', () => {
  it('has one secret for one login, which the task definition names', async () => {
    await bed.prepare(job);
    const [
      {
        args: [
          {
            input: { Name: secret = 'none' },
          },
        ],
      } = { args: [{ input: {} }] },
      ...others
    ] = bed.secrets.commandCalls(CreateSecretCommand);
    expect(others).toEqual([]);
    const [call] = bed.ecs.commandCalls(RegisterTaskDefinitionCommand);
    const containers = call?.args[0].input.containerDefinitions ?? [];
    expect(
      containers.map(({ repositoryCredentials }) => repositoryCredentials?.credentialsParameter),
    ).toEqual([undefined, secret, secret, ARN, undefined]);
    const sent = [
      ...bed.ecs.commandCalls(RegisterTaskDefinitionCommand),
      ...bed.ecs.commandCalls(RunTaskCommand),
    ];
    const told = JSON.stringify([sent.map(({ args }) => args[0].input), bed.events, bed.log]);
    expect(told).not.toContain(PASSWORD);
  });

  it('has its secret removed as soon as its images are there', async () => {
    await bed.prepare(job);
    expect(deleted()).toBe(0);
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [withContainers('RUNNING')] });
    await vi.waitFor(() => expect(deleted()).toBe(1));
    await bed.cleanup();
    expect(deleted()).toBe(1);
  });

  it('whose images are still pulled when it is cleaned up keeps its secret until its task has stopped', async () => {
    await bed.prepare(job);
    await bed.cleanup();
    expect(bed.stopped()).toHaveLength(1);
    bed.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...withContainers('PENDING'), lastStatus: 'STOPPING' }] });
    await bed.context.watcher.look();
    expect(deleted()).toBe(0);
    bed.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...withContainers('STOPPED'), lastStatus: 'STOPPED' }] });
    await vi.waitFor(() => expect(deleted()).toBe(1));
  });

  it('that AWS refuses to start has its secret removed at once', async () => {
    bed.ecs.on(RunTaskCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDeniedException' }));
    await bed.prepare(job);
    await bed.cleanup();
    expect(deleted()).toBe(1);
  });

  it('whose start was not answered leaves its secret to the reaper: its task may run, and pull', async () => {
    bed.ecs.on(RunTaskCommand).rejects(Object.assign(new Error('late'), { name: 'TimeoutError' }));
    await bed.prepare(job);
    await bed.cleanup();
    expect(deleted()).toBe(0);
  });

  it('that is told no secret by AWS is our failure', async () => {
    bed.secrets.on(CreateSecretCommand).rejects(new Error('AccessDenied'));
    expect(await bed.prepare(job)).toBe('system-failure');
    expect(bed.ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });
});
