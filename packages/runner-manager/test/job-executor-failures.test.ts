import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DescribeTasksCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ExecutorFixture,
  makeExecutorFixture,
  RUNNING_TASK,
  TASK_ARN,
} from './support/executor-fixture.ts';

let fixture: ExecutorFixture;

beforeEach(async () => {
  fixture = await makeExecutorFixture();
});

afterEach(() => fixture.remove());

const runTaskCalls = () => fixture.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);
const log = () => fixture.log.join('\n');

describe('a job that cannot run', () => {
  it('as written is refused at once, as a build failure, without a call to AWS', async () => {
    expect(await fixture.prepare({ image: { name: 'Not An Image' } })).toBe('build-failure');
    expect(log()).toContain('ERROR: The image "Not An Image" is not a valid image name');
    expect(fixture.ecs.calls()).toHaveLength(0);
  });

  it('because its image does not exist is a build failure, and its task is stopped', async () => {
    const reason = 'CannotPullContainerError: pull image manifest: docker.io/library/nope: not found';
    const task = { ...RUNNING_TASK, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppedReason: reason };
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [task] });
    expect(await fixture.prepare({ image: { name: 'nope' } })).toBe('build-failure');
    expect(log()).toContain('ERROR: The image does not exist');
    expect(fixture.stopped()).toEqual([TASK_ARN]);
    expect(fixture.events[0]?.detail).toMatchObject({ outcome: 'start-failed', reason });
  });

  it('because its entry point exited is a build failure, even if the connection breaks before ECS reports it', async () => {
    await writeFile(join(fixture.folder, 'broken'), '');
    const ended = {
      ...RUNNING_TASK,
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited' as const,
      stoppedReason: 'Essential container in task exited',
      containers: [
        { name: 'helper', exitCode: 0 },
        { name: 'build', exitCode: 64 },
      ],
    };
    const breaks = () => existsSync(join(fixture.folder, 'calls')) && ready().length > 0;
    const ready = () =>
      readFileSync(join(fixture.folder, 'calls'), 'utf8')
        .split('\n')
        .filter((call) => call.endsWith(' ready'));
    fixture.ecs.on(DescribeTasksCommand).callsFake(() => ({ tasks: [breaks() ? ended : RUNNING_TASK] }));
    const image = { name: 'terraform', entrypoint: ['terraform'] };
    expect(await fixture.prepare({ image })).toBe('build-failure');
    expect(log()).toContain('ERROR: The build container exited with code 64');
    expect(log()).toContain('the entry point ["terraform"], which must exist in the image');
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });

  it("because AWS refuses the call is a system failure with AWS's message", async () => {
    fixture.ecs.on(RunTaskCommand).rejects(new Error('not authorized to perform: ecs:RunTask'));
    expect(await fixture.prepare()).toBe('system-failure');
    expect(log()).toContain('ERROR: AWS did not start the job task: not authorized to perform: ecs:RunTask');
  });

  it("because RunTask's response was lost is a system failure, and a task that may run is found and stopped", async () => {
    const lost = Object.assign(new Error('exceeded 15000 ms'), { name: 'TimeoutError' });
    fixture.ecs.on(RunTaskCommand).rejects(lost);
    fixture.ecs.on(ListTasksCommand).resolves({ taskArns: [TASK_ARN] });
    expect(await fixture.prepare()).toBe('system-failure');
    const [{ tags = [] } = {}] = runTaskCalls();
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, tags }] });
    await vi.waitFor(() => expect(fixture.stopped()).toEqual([TASK_ARN]), 5000);
  });

  it('because its task accepts no commands in time is a system failure, and its task is stopped', async () => {
    await fixture.remove();
    fixture = await makeExecutorFixture((fleet) => ({
      ...fleet,
      job: { ...fleet.job, startTimeoutSeconds: 0.2 },
    }));
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, lastStatus: 'PENDING' }] });
    expect(await fixture.prepare()).toBe('system-failure');
    expect(log()).toContain('did not accept commands within 0.2 s (last status: PENDING)');
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });
});

describe('a deregistered task definition', () => {
  const inactive = Object.assign(new Error('TaskDefinition is inactive'), { name: 'ClientException' });
  const started = { tasks: [{ taskArn: TASK_ARN }] };

  beforeEach(() => {
    fixture.ecs
      .on(RegisterTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: 'arn:x/family:2' } });
  });

  it('is registered again, and RunTask called again with another token', async () => {
    fixture.ecs.on(RunTaskCommand).rejectsOnce(inactive).resolves(started);
    expect(await fixture.prepare()).toBe('success');
    const calls = runTaskCalls();
    expect(calls.map(({ taskDefinition }) => taskDefinition)).toEqual(['family:1', 'arn:x/family:2']);
    expect(new Set(calls.map(({ clientToken }) => clientToken)).size).toBe(2);
    expect(log()).toContain('Task definition family:1 was deregistered; using family:2 instead');
  });

  it('costs later jobs nothing', async () => {
    fixture.ecs.on(RunTaskCommand).rejectsOnce(inactive).resolves(started);
    await fixture.prepare();
    await fixture.cleanup();
    expect(await fixture.prepare()).toBe('success');
    expect(runTaskCalls().map(({ taskDefinition }) => taskDefinition)).toEqual([
      'family:1',
      'arn:x/family:2',
      'arn:x/family:2',
    ]);
  });

  it('fails the job as a system failure when its replacement is refused too', async () => {
    fixture.ecs.on(RunTaskCommand).rejects(inactive);
    expect(await fixture.prepare()).toBe('system-failure');
    expect(runTaskCalls()).toHaveLength(2);
    expect(log()).toContain('ERROR: AWS did not start the job task: TaskDefinition is inactive');
  });
});

describe('capacity', () => {
  const none = { failures: [{ reason: 'Capacity is unavailable at this time' }] };
  const quota = {
    failures: [{ reason: "You've reached the limit on the number of vCPUs you can run concurrently" }],
  };

  it('is requested from the next provider of the list when one has none', async () => {
    fixture.ecs
      .on(RunTaskCommand)
      .resolvesOnce(none)
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    expect(await fixture.prepare()).toBe('success');
    const providers = runTaskCalls().map((input) => input.capacityProviderStrategy?.[0]?.capacityProvider);
    expect(providers).toEqual(['FARGATE_SPOT', 'FARGATE']);
    expect(log()).toContain('FARGATE_SPOT currently has no capacity');
  });

  it('is requested there too when the task ends for lack of capacity', async () => {
    const other = `${TASK_ARN}0`;
    const lost = {
      ...RUNNING_TASK,
      lastStatus: 'STOPPED',
      stoppedReason: 'Capacity is unavailable at this time',
    };
    fixture.ecs
      .on(RunTaskCommand)
      .resolvesOnce({ tasks: [{ taskArn: TASK_ARN }] })
      .resolves({ tasks: [{ taskArn: other }] });
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [lost, { ...RUNNING_TASK, taskArn: other }] });
    expect(await fixture.prepare()).toBe('success');
    await fixture.cleanup();
    expect(fixture.stopped()).toEqual([other]);
  });

  it('is awaited if no provider has any, with one log line for each reason', async () => {
    fixture.ecs
      .on(RunTaskCommand)
      .resolvesOnce(none)
      .resolvesOnce(quota)
      .resolvesOnce(none)
      .resolvesOnce(quota)
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    const prepared = fixture.prepare();
    await vi.waitFor(() => expect(log()).toContain('Waiting for capacity.'), 5000);
    expect(await prepared).toBe('success');
    const calls = runTaskCalls();
    expect(calls.map(({ capacityProviderStrategy: [first] = [] }) => first?.capacityProvider)).toEqual([
      'FARGATE_SPOT',
      'FARGATE',
      'FARGATE_SPOT',
      'FARGATE',
      'FARGATE_SPOT',
    ]);
    expect(new Set(calls.map(({ clientToken }) => clientToken)).size).toBe(5);
    for (const line of [
      'FARGATE_SPOT currently has no capacity',
      'quota "Fargate On-Demand vCPU resource count" is reached',
      'Waiting for capacity.',
    ])
      expect(log().split(line)).toHaveLength(2);
  });

  it('is a system failure with a message if no provider has any in time', async () => {
    await fixture.remove();
    fixture = await makeExecutorFixture((fleet) => ({
      ...fleet,
      job: { ...fleet.job, startTimeoutSeconds: 0.5 },
    }));
    fixture.ecs.on(RunTaskCommand).resolvesOnce(none).resolves(quota);
    expect(await fixture.prepare()).toBe('system-failure');
    expect(log()).toMatch(
      /AWS started no task within this fleet's job\.startTimeoutSeconds\. FARGATE_SPOT currently has no capacity: .*Service Quotas.*Retry the job later/,
    );
    expect(fixture.stopped()).toEqual([]);
  });

  it('is not awaited when the job is cancelled', async () => {
    fixture.ecs.on(RunTaskCommand).resolves(none);
    const hangUp = new AbortController();
    const prepared = fixture.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(log()).toContain('Waiting for capacity.'), 5000);
    hangUp.abort();
    expect(await prepared).toBe('system-failure');
    expect(log()).toContain('The job was cancelled');
  });
});

describe("the runner's attempts", () => {
  it('start separate tasks', async () => {
    fixture.ecs
      .on(RunTaskCommand)
      .rejectsOnce(new Error('boom'))
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    await fixture.prepare();
    await fixture.cleanup();
    await fixture.prepare();
    const tokens = runTaskCalls().map((input) => input.clientToken);
    expect(new Set(tokens).size).toBe(2);
  });

  it('end what an earlier attempt for the same job left', async () => {
    await fixture.prepare();
    await fixture.prepare();
    expect(fixture.stopped()).toEqual([TASK_ARN]);
  });

  it('do not touch the task of another job', async () => {
    await fixture.prepare({ id: 42 });
    await fixture.prepare({ id: 43 });
    expect(fixture.stopped()).toEqual([]);
  });
});

describe('a task with a Spot interruption', () => {
  it('is notified, and may end when its job has; a finished job counts as completed', async () => {
    await fixture.prepare();
    const ending = { ...RUNNING_TASK, desiredStatus: 'STOPPED', stopCode: 'SpotInterruption' as const };
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [ending] });
    const asked = () => readFileSync(join(fixture.folder, 'calls'), 'utf8').match(/ job (spot|leave)$/gm);
    await vi.waitFor(() => expect(asked()).toEqual([' job spot']));
    await fixture.cleanup();
    expect(asked()).toEqual([' job spot', ' job leave']);
    expect(fixture.events.at(-1)?.detail.outcome).toBe('completed');
  });
});

describe('a task that is lost', () => {
  it('is explained in the job log', async () => {
    await fixture.prepare();
    const lost = {
      ...RUNNING_TASK,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'SpotInterruption',
    };
    fixture.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...lost, stopCode: 'SpotInterruption' as const }] });
    expect(await fixture.why()).toBe('system-failure');
    expect(log()).toContain('AWS reclaimed the Spot capacity of this job');
    expect(log()).toMatch(/Job task: \d+ s, about \$0\.\d{5} \(1 vCPU, 2 GB, X86_64, FARGATE_SPOT\)/);
    await fixture.cleanup();
    expect(fixture.events.at(-1)?.detail.outcome).toBe('lost');
  });

  it("is the job's fault when the job used up its memory", async () => {
    await fixture.prepare();
    const containers = [{ name: 'build', exitCode: 137, reason: 'OutOfMemoryError: Container killed' }];
    const lost = { ...RUNNING_TASK, lastStatus: 'STOPPED', cpu: '1024', memory: '2048', containers };
    fixture.ecs.on(DescribeTasksCommand).resolves({ tasks: [lost] });
    expect(await fixture.why()).toBe('build-failure');
    expect(log()).toContain('The build container ran out of memory: the task has 1 vCPU, 2 GB');
  });

  it('is explained for an unknown job too', async () => {
    expect(await fixture.why('f'.repeat(32))).toBe('system-failure');
    expect(log()).toContain('The job has no task');
  });
});
