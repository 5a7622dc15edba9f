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
import { type ExecutorBed, makeExecutorBed, RUNNING_TASK, TASK_ARN } from './support/executor-bed.ts';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed();
});

afterEach(() => bed.remove());

const runTaskCalls = () => bed.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);
const log = () => bed.log.join('\n');

describe('a job that cannot run', () => {
  it('as it is written is refused at once, as its own fault, without a call to AWS', async () => {
    expect(await bed.prepare({ image: { name: 'Not An Image' } })).toBe('build-failure');
    expect(log()).toContain('ERROR: The image "Not An Image" is not a valid image name');
    expect(bed.ecs.calls()).toHaveLength(0);
  });

  it('since its image is not there fails as its own fault, and its task is stopped', async () => {
    const reason = 'CannotPullContainerError: pull image manifest: docker.io/library/nope: not found';
    const task = { ...RUNNING_TASK, lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stoppedReason: reason };
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [task] });
    expect(await bed.prepare({ image: { name: 'nope' } })).toBe('build-failure');
    expect(log()).toContain('ERROR: There is no such image');
    expect(bed.stopped()).toEqual([TASK_ARN]);
    expect(bed.events[0]?.detail).toMatchObject({ outcome: 'start-failed', reason });
  });

  it("since the job's entry point ended fails as its own fault, though the connection breaks before ECS tells", async () => {
    await writeFile(join(bed.folder, 'broken'), '');
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
    const breaks = () => existsSync(join(bed.folder, 'calls')) && ready().length > 0;
    const ready = () =>
      readFileSync(join(bed.folder, 'calls'), 'utf8')
        .split('\n')
        .filter((call) => call.endsWith(' ready'));
    bed.ecs.on(DescribeTasksCommand).callsFake(() => ({ tasks: [breaks() ? ended : RUNNING_TASK] }));
    const image = { name: 'terraform', entrypoint: ['terraform'] };
    expect(await bed.prepare({ image })).toBe('build-failure');
    expect(log()).toContain("ERROR: The job's container ended with exit code 64");
    expect(log()).toContain('the entry point ["terraform"], which must be in the image');
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });

  it('since AWS refuses the call fails as ours, with its words', async () => {
    bed.ecs.on(RunTaskCommand).rejects(new Error('not authorized to perform: ecs:RunTask'));
    expect(await bed.prepare()).toBe('system-failure');
    expect(log()).toContain('ERROR: AWS did not start the job task: not authorized to perform: ecs:RunTask');
  });

  it("since RunTask's answer was lost fails as ours, and the task that may run is looked for and stopped", async () => {
    const lost = Object.assign(new Error('exceeded 15000 ms'), { name: 'TimeoutError' });
    bed.ecs.on(RunTaskCommand).rejects(lost);
    bed.ecs.on(ListTasksCommand).resolves({ taskArns: [TASK_ARN] });
    expect(await bed.prepare()).toBe('system-failure');
    const [{ tags = [] } = {}] = runTaskCalls();
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, tags }] });
    await vi.waitFor(() => expect(bed.stopped()).toEqual([TASK_ARN]), 5000);
  });

  it('since its task takes no commands in time fails as ours, and its task is stopped', async () => {
    await bed.remove();
    bed = await makeExecutorBed((fleet) => ({ ...fleet, job: { ...fleet.job, startTimeoutSeconds: 0.2 } }));
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, lastStatus: 'PENDING' }] });
    expect(await bed.prepare()).toBe('system-failure');
    expect(log()).toContain('did not take commands within 0.2 s (it is PENDING)');
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });
});

describe('a task definition that somebody deregistered', () => {
  const inactive = Object.assign(new Error('TaskDefinition is inactive'), { name: 'ClientException' });
  const started = { tasks: [{ taskArn: TASK_ARN }] };

  beforeEach(() => {
    bed.ecs
      .on(RegisterTaskDefinitionCommand)
      .resolves({ taskDefinition: { taskDefinitionArn: 'arn:x/family:2' } });
  });

  it('is registered anew, and RunTask called again with another token', async () => {
    bed.ecs.on(RunTaskCommand).rejectsOnce(inactive).resolves(started);
    expect(await bed.prepare()).toBe('success');
    const calls = runTaskCalls();
    expect(calls.map(({ taskDefinition }) => taskDefinition)).toEqual(['family:1', 'arn:x/family:2']);
    expect(new Set(calls.map(({ clientToken }) => clientToken)).size).toBe(2);
    expect(log()).toContain('Task definition family:1 was deregistered: family:2 takes its place');
  });

  it('costs later jobs nothing', async () => {
    bed.ecs.on(RunTaskCommand).rejectsOnce(inactive).resolves(started);
    await bed.prepare();
    await bed.cleanup();
    expect(await bed.prepare()).toBe('success');
    expect(runTaskCalls().map(({ taskDefinition }) => taskDefinition)).toEqual([
      'family:1',
      'arn:x/family:2',
      'arn:x/family:2',
    ]);
  });

  it('fails the job as ours when its successor is refused too', async () => {
    bed.ecs.on(RunTaskCommand).rejects(inactive);
    expect(await bed.prepare()).toBe('system-failure');
    expect(runTaskCalls()).toHaveLength(2);
    expect(log()).toContain('ERROR: AWS did not start the job task: TaskDefinition is inactive');
  });
});

describe('capacity', () => {
  const none = { failures: [{ reason: 'Capacity is unavailable at this time' }] };
  const quota = {
    failures: [{ reason: "You've reached the limit on the number of vCPUs you can run concurrently" }],
  };

  it('is looked for at the next provider of the list when one has none', async () => {
    bed.ecs
      .on(RunTaskCommand)
      .resolvesOnce(none)
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    expect(await bed.prepare()).toBe('success');
    const providers = runTaskCalls().map((input) => input.capacityProviderStrategy?.[0]?.capacityProvider);
    expect(providers).toEqual(['FARGATE_SPOT', 'FARGATE']);
    expect(log()).toContain('FARGATE_SPOT has no room now');
  });

  it('is looked for there too when the task ends for want of it', async () => {
    const other = `${TASK_ARN}0`;
    const lost = {
      ...RUNNING_TASK,
      lastStatus: 'STOPPED',
      stoppedReason: 'Capacity is unavailable at this time',
    };
    bed.ecs
      .on(RunTaskCommand)
      .resolvesOnce({ tasks: [{ taskArn: TASK_ARN }] })
      .resolves({ tasks: [{ taskArn: other }] });
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [lost, { ...RUNNING_TASK, taskArn: other }] });
    expect(await bed.prepare()).toBe('success');
    await bed.cleanup();
    expect(bed.stopped()).toEqual([other]);
  });

  it('that nobody has is waited for, with a line in the log for each reason', async () => {
    bed.ecs
      .on(RunTaskCommand)
      .resolvesOnce(none)
      .resolvesOnce(quota)
      .resolvesOnce(none)
      .resolvesOnce(quota)
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    const prepared = bed.prepare();
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
      'FARGATE_SPOT has no room now',
      'quota "Fargate On-Demand vCPU resource count" is reached',
      'Waiting for capacity.',
    ])
      expect(log().split(line)).toHaveLength(2);
  });

  it('that nobody has in time is our failure, and says so', async () => {
    await bed.remove();
    bed = await makeExecutorBed((fleet) => ({ ...fleet, job: { ...fleet.job, startTimeoutSeconds: 0.5 } }));
    bed.ecs.on(RunTaskCommand).resolvesOnce(none).resolves(quota);
    expect(await bed.prepare()).toBe('system-failure');
    expect(log()).toMatch(
      /AWS started no task within the time for a start\. FARGATE_SPOT has no room now: .*Service Quotas.*Retry the job later/,
    );
    expect(bed.stopped()).toEqual([]);
  });

  it('is not waited for when the job is cancelled', async () => {
    bed.ecs.on(RunTaskCommand).resolves(none);
    const hangUp = new AbortController();
    const prepared = bed.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(log()).toContain('Waiting for capacity.'), 5000);
    hangUp.abort();
    expect(await prepared).toBe('system-failure');
    expect(log()).toContain('the job was cancelled');
  });
});

describe('tries of the runner', () => {
  it('each start a task of their own', async () => {
    bed.ecs
      .on(RunTaskCommand)
      .rejectsOnce(new Error('boom'))
      .resolves({ tasks: [{ taskArn: TASK_ARN }] });
    await bed.prepare();
    await bed.cleanup();
    await bed.prepare();
    const tokens = runTaskCalls().map((input) => input.clientToken);
    expect(new Set(tokens).size).toBe(2);
  });

  it('end what an earlier one of the same job left', async () => {
    await bed.prepare();
    await bed.prepare();
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });

  it('leave the task of another job alone', async () => {
    await bed.prepare({ id: 42 });
    await bed.prepare({ id: 43 });
    expect(bed.stopped()).toEqual([]);
  });
});

describe('a task that Spot takes back', () => {
  it('is told so, and that it may end when its job has; a job that finished is completed', async () => {
    await bed.prepare();
    const ending = { ...RUNNING_TASK, desiredStatus: 'STOPPED', stopCode: 'SpotInterruption' as const };
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [ending] });
    const asked = () => readFileSync(join(bed.folder, 'calls'), 'utf8').match(/ job (spot|leave)$/gm);
    await vi.waitFor(() => expect(asked()).toEqual([' job spot']));
    await bed.cleanup();
    expect(asked()).toEqual([' job spot', ' job leave']);
    expect(bed.events.at(-1)?.detail.outcome).toBe('completed');
  });
});

describe('a task that is lost', () => {
  it('is explained in words', async () => {
    await bed.prepare();
    const lost = {
      ...RUNNING_TASK,
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stopCode: 'SpotInterruption',
    };
    bed.ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [{ ...lost, stopCode: 'SpotInterruption' as const }] });
    expect(await bed.why()).toBe('system-failure');
    expect(log()).toContain('AWS took the Spot capacity of this job back');
    expect(log()).toMatch(/Job task: \d+ s, about \$0\.\d{5} \(1 vCPU, 2 GB, X86_64, FARGATE_SPOT\)/);
    await bed.cleanup();
    expect(bed.events.at(-1)?.detail.outcome).toBe('lost');
  });

  it("is the job's fault when the job used up its memory", async () => {
    await bed.prepare();
    const containers = [{ name: 'build', exitCode: 137, reason: 'OutOfMemoryError: Container killed' }];
    const lost = { ...RUNNING_TASK, lastStatus: 'STOPPED', cpu: '1024', memory: '2048', containers };
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [lost] });
    expect(await bed.why()).toBe('build-failure');
    expect(log()).toContain('The build container ran out of memory: the task has 1 vCPU, 2 GB');
  });

  it('whose job is not known is explained too', async () => {
    expect(await bed.why('f'.repeat(32))).toBe('system-failure');
    expect(log()).toContain('The job has no task');
  });
});
