import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExecutorBed, makeExecutorBed, RUNNING_TASK, TASK_ARN } from './support/executor-bed.ts';

let bed: ExecutorBed;

beforeEach(async () => {
  bed = await makeExecutorBed();
});

afterEach(() => bed.remove());

const runTaskCalls = () => bed.ecs.commandCalls(RunTaskCommand).map((call) => call.args[0].input);
const log = () => bed.log.join('\n');

/** RunTask answers only when told to. */
function heldRunTask(): { answer: () => void } {
  const held = Promise.withResolvers<void>();
  bed.ecs.on(RunTaskCommand).callsFake(async () => {
    await held.promise;
    return { tasks: [{ taskArn: TASK_ARN }] };
  });
  return { answer: () => held.resolve() };
}

describe('a job that runs', () => {
  it('is prepared, and its log tells what happens', async () => {
    expect(await bed.prepare({ image: { name: 'alpine:3' } })).toBe('success');
    expect(log()).toContain('Image alpine:3, 1 vCPU, 2 GB, 20 GB storage, X86_64');
    expect(log()).toContain(`Started task ${TASK_ARN} on FARGATE_SPOT`);
    expect(log()).toContain("The job's container is there: user 1000, shell /bin/sh");
    expect(log()).toMatch(/Ready after \d+\.\d s/);
  });

  it('has its task stopped and its files removed when it is cleaned up', async () => {
    await bed.prepare();
    expect(bed.stopped()).toEqual([]);
    expect(existsSync(join(bed.folder, 'jobs/42/key'))).toBe(true);
    await bed.cleanup();
    expect(bed.stopped()).toEqual([TASK_ARN]);
    expect(existsSync(join(bed.folder, 'jobs/42'))).toBe(false);
  });

  it('is told of on the bus, with what it cost', async () => {
    await bed.prepare();
    await bed.cleanup();
    expect(bed.events.map(({ name }) => name)).toEqual(['JobTaskStarted', 'JobTaskFinished']);
    expect(bed.events[1]?.detail).toMatchObject({
      fleet: 'default',
      jobId: 42,
      projectPath: 'acme/shop',
      taskArn: TASK_ARN,
      outcome: 'completed',
      capacityProvider: 'FARGATE_SPOT',
      cpu: 1024,
    });
    expect(bed.events[1]?.detail.estimatedCostUsd).toBeGreaterThan(0);
  });

  it('finds its services by their names', async () => {
    await bed.prepare({ services: [{ name: 'postgres:16', alias: 'db' }] });
    expect(await readFile(join(bed.folder, 'build-setup'), 'utf8')).toBe(
      'echo "127.0.0.1 postgres db" >> /etc/hosts\n',
    );
    expect(log()).toContain('Services are reached as postgres, db');
  });

  it('has a key pair of its own, of which only the public half leaves the manager', async () => {
    await bed.prepare();
    const key = await readFile(join(bed.folder, 'jobs/42/key'), 'utf8');
    const secret = key.split('\n')[2] ?? '';
    expect(secret.length).toBeGreaterThan(30);
    const sent = JSON.stringify([runTaskCalls(), bed.events, bed.log]);
    expect(sent).not.toContain(secret);
    expect(sent).toContain('ssh-ed25519 ');
  });
});

describe('a job that is cancelled', () => {
  it('while RunTask is on its way leaves no task behind', async () => {
    const runTask = heldRunTask();
    const hangUp = new AbortController();
    const prepared = bed.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(runTaskCalls()).toHaveLength(1));
    hangUp.abort();
    const cleaned = bed.cleanup();
    runTask.answer();
    expect(await prepared).toBe('system-failure');
    await cleaned;
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });

  it('while its images are pulled has its task stopped at once, without a cleanup', async () => {
    bed.ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK_ARN, lastStatus: 'PENDING' }] });
    const hangUp = new AbortController();
    const prepared = bed.prepare({}, hangUp.signal);
    await vi.waitFor(() => expect(log()).toContain('Started task'));
    hangUp.abort();
    expect(await prepared).toBe('system-failure');
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });

  it('before anything was started starts nothing', async () => {
    expect(await bed.prepare({}, AbortSignal.abort())).toBe('system-failure');
    await bed.cleanup();
    expect(runTaskCalls()).toHaveLength(0);
    expect(bed.stopped()).toEqual([]);
  });
});

describe('cleanup', () => {
  it('of a job that never came far is a success, and again', async () => {
    await bed.cleanup();
    await bed.cleanup();
    expect(bed.stopped()).toEqual([]);
  });

  it('stops a task once, however often it is asked', async () => {
    await bed.prepare();
    await Promise.all([bed.cleanup(), bed.cleanup()]);
    await bed.cleanup();
    expect(bed.stopped()).toEqual([TASK_ARN]);
  });

  it('that failed can be tried again', async () => {
    await bed.prepare();
    bed.ecs.on(StopTaskCommand).rejectsOnce(new Error('Rate exceeded')).resolves({});
    await expect(bed.cleanup()).rejects.toThrow('Rate exceeded');
    await bed.cleanup();
    expect(bed.stopped()).toEqual([TASK_ARN, TASK_ARN]);
  });
});

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

  it('since AWS refuses the call fails as ours, with its words', async () => {
    bed.ecs.on(RunTaskCommand).rejects(new Error('not authorized to perform: ecs:RunTask'));
    expect(await bed.prepare()).toBe('system-failure');
    expect(log()).toContain('ERROR: AWS did not start the job task: not authorized to perform: ecs:RunTask');
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

describe('capacity', () => {
  const none = { failures: [{ reason: 'Capacity is unavailable at this time' }] };

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

  it('that nobody has is our failure, and says so', async () => {
    bed.ecs.on(RunTaskCommand).resolves(none);
    expect(await bed.prepare()).toBe('system-failure');
    expect(log()).toContain('No capacity provider of this fleet has room now (FARGATE_SPOT, FARGATE)');
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

  it('end what an earlier one left', async () => {
    await bed.prepare();
    await bed.prepare();
    expect(bed.stopped()).toEqual([TASK_ARN]);
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
    expect((await bed.executor.why(42)).join()).toContain('AWS took the Spot capacity of this job back');
    await bed.cleanup();
    expect(bed.events.at(-1)?.detail.outcome).toBe('lost');
  });

  it('whose job is not known is explained too', async () => {
    expect((await bed.executor.why(1)).join()).toContain('The job has no task');
  });
});
