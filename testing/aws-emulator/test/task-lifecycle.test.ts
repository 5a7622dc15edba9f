import { type ContainerDependency, StopTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import {
  containerOf,
  EmulatorFixture,
  EXECUTION_ROLE,
  shell,
  type TestContainer,
} from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('lifecycle');
}, 180_000);

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function stop(task: Task, reason?: string): Promise<Task | undefined> {
  const input = { cluster: 'test', task: task.taskArn ?? '', ...(reason ? { reason } : {}) };
  return (await fixture.ecs.send(new StopTaskCommand(input))).task;
}

function after(containerName: string, condition: ContainerDependency['condition']): TestContainer {
  return { dependsOn: [{ containerName, condition }] };
}

const ON_VOLUME = { mountPoints: [{ sourceVolume: 'shared', containerPath: '/shared' }] };
const VOLUME = { volumes: [{ name: 'shared' }] };

describe('dependsOn', () => {
  it.each([
    { condition: 'SUCCESS' as const, script: 'sleep 0.5; echo ready > /shared/state' },
    { condition: 'COMPLETE' as const, script: 'sleep 0.5; echo ready > /shared/state; exit 1' },
  ])('$condition starts a container when the other has ended', async ({ condition, script }) => {
    const init = shell('init', script, { essential: false, ...ON_VOLUME });
    const main = shell('main', 'cat /shared/state', { ...ON_VOLUME, ...after('init', condition) });
    const task = await fixture.runToEnd([main, init], VOLUME);
    expect(await fixture.output(task, 'main')).toEqual(['ready']);
  });

  it('HEALTHY starts a container when the health check of the other passes', async () => {
    const healthCheck = { command: ['CMD-SHELL', 'test -e /shared/healthy'], interval: 5, startPeriod: 0 };
    const init = shell('init', 'sleep 1; touch /shared/healthy; exec sleep 60', {
      ...ON_VOLUME,
      essential: false,
      stopTimeout: 1,
      healthCheck,
    });
    const main = shell('main', 'ls /shared', { ...ON_VOLUME, ...after('init', 'HEALTHY') });
    const task = await fixture.runToEnd([main, init], VOLUME);
    expect(await fixture.output(task, 'main')).toEqual(['healthy']);
    expect(containerOf(task, 'init')?.healthStatus).toBe('HEALTHY');
  });

  it('fails the start of the task if SUCCESS can no longer be met', async () => {
    const init = shell('init', 'exit 9', { essential: false });
    const task = await fixture.runToEnd([shell('main', 'true', after('init', 'SUCCESS')), init]);
    expect(task).toMatchObject({ stopCode: 'TaskFailedToStart', stoppedReason: 'Task failed to start' });
    expect(containerOf(task, 'init')?.exitCode).toBe(9);
    expect(containerOf(task, 'main')?.exitCode).toBeUndefined();
    expect(containerOf(task, 'main')?.reason).toContain(
      'failed to resolve container ordering dependency [init]',
    );
  });

  it('is reversed when the task stops: dependent containers stop first', async () => {
    const script = (name: string) =>
      `trap 'echo ${name} >> /shared/order; exit 0' TERM; while :; do sleep 0.05; done`;
    const first = shell(
      'first',
      `${script('first').replace('exit 0', 'cat /shared/order; exit 0')}`,
      ON_VOLUME,
    );
    const second = shell('second', script('second'), { ...ON_VOLUME, ...after('first', 'START') });
    const task = await fixture.run(await fixture.register([first, second], VOLUME));
    await fixture.reach(task, 'RUNNING');
    await stop(task);
    expect(await fixture.output(await fixture.reach(task, 'STOPPED'), 'first')).toEqual(['second', 'first']);
  });
});

describe('a task ends', () => {
  it('when an essential container ends, but not when another one does', async () => {
    const side = shell('side', 'exit 4', { essential: false });
    const main = shell('main', 'sleep 1; exit 6');
    const task = await fixture.run(await fixture.register([main, side]));
    const running = await fixture.reach(task, 'RUNNING');
    expect(running.startedAt?.getTime()).toBeGreaterThanOrEqual(running.createdAt?.getTime() ?? Infinity);
    const ended = await fixture.reach(task, 'STOPPED');
    expect(ended).toMatchObject({
      desiredStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
    });
    expect(containerOf(ended, 'side')).toMatchObject({ lastStatus: 'STOPPED', exitCode: 4 });
    expect(containerOf(ended, 'main')).toMatchObject({ lastStatus: 'STOPPED', exitCode: 6 });
    expect(ended.stoppedAt?.getTime()).toBeGreaterThan(running.startedAt?.getTime() ?? Infinity);
  });

  it('with an out-of-memory reason if a container exceeds its memory', async () => {
    const hungry = shell('main', 'exec perl -e \'$x = "a" x (200 * 1024 * 1024)\'', { memory: 64 });
    const task = await fixture.runToEnd([hungry]);
    expect(containerOf(task, 'main')).toMatchObject({
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
    });
  });
});

describe('StopTask', () => {
  it('answers at once with the desired status; the exit codes of SIGTERM and SIGKILL follow', async () => {
    const polite = shell('polite', 'trap "exit 143" TERM; while :; do sleep 0.05; done');
    const stubborn = shell('stubborn', 'trap "" TERM; while :; do sleep 0.05; done', { stopTimeout: 2 });
    const task = await fixture.run(await fixture.register([polite, stubborn]));
    await fixture.reach(task, 'RUNNING');
    const requestedAt = Date.now();
    const answer = await stop(task, 'enough');
    expect(Date.now() - requestedAt).toBeLessThan(1000);
    expect(answer).toMatchObject({
      lastStatus: 'RUNNING',
      desiredStatus: 'STOPPED',
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
    });
    await fixture.reach(task, 'STOPPING');
    const ended = await fixture.reach(task, 'STOPPED');
    expect(Date.now() - requestedAt).toBeGreaterThanOrEqual(2000);
    expect(containerOf(ended, 'polite')?.exitCode).toBe(143);
    expect(containerOf(ended, 'stubborn')?.exitCode).toBe(137);
    expect(ended).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'enough' });
  });

  it('stops a task that has not started yet', async () => {
    const init = shell('init', 'exec sleep 60', { essential: false, stopTimeout: 1 });
    const task = await fixture.run(
      await fixture.register([shell('main', 'true', after('init', 'COMPLETE')), init]),
    );
    await fixture.reach(task, 'ACTIVATING');
    await stop(task);
    const ended = await fixture.reach(task, 'STOPPED');
    expect(ended.stopCode).toBe('UserInitiated');
    expect(ended.startedAt).toBeUndefined();
    expect(containerOf(ended, 'main')?.exitCode).toBeUndefined();
  });

  it('does not change a task that stopped for another reason', async () => {
    const task = await fixture.runToEnd([shell('main', 'true')]);
    expect((await stop(task, 'too late'))?.stopCode).toBe('EssentialContainerExited');
  });
});

describe('a task that cannot start reports the reason', () => {
  const ON_ENTRY = { entryPoint: ['/no/such/program'], command: [] };
  const NO_GROUP = {
    logDriver: 'awslogs' as const,
    options: { 'awslogs-group': '/none', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'x' },
  };
  it.each([
    {
      why: 'an image that cannot be pulled',
      container: { image: 'localhost:1/no/such:image' },
      reason: /^CannotPullContainerError: .*connection refused/,
      container_reason: /^CannotPullContainerError/,
    },
    {
      why: 'a missing secret',
      container: { secrets: [{ name: 'X', valueFrom: '/no/such/parameter' }] },
      reason: /^ResourceInitializationError: unable to pull secrets or registry auth/,
    },
    {
      why: 'a missing log group',
      container: { logConfiguration: NO_GROUP },
      reason: /^ResourceInitializationError: failed to validate logger args/,
    },
    {
      why: 'a missing entry point',
      container: ON_ENTRY,
      reason: /^Task failed to start$/,
      container_reason: /^CannotStartContainerError: .*\/no\/such\/program/,
    },
    {
      why: 'an unknown user',
      container: { user: 'nosuchuser' },
      reason: /^Task failed to start$/,
      container_reason: /^Cannot(Start|Create)ContainerError: .*nosuchuser/,
    },
  ])('$why', async ({ container, reason, container_reason }) => {
    const task = await fixture.runToEnd([shell('main', 'true', container)]);
    expect(task.stopCode).toBe('TaskFailedToStart');
    expect(task.stoppedReason).toMatch(reason);
    expect(containerOf(task, 'main')?.reason ?? '').toMatch(container_reason ?? /^$/);
    expect(task.startedAt).toBeUndefined();
    expect(await fixture.dockerIds(task)).toEqual([]);
  });

  it('an execution role that may not create the log stream', async () => {
    const switches = new EmulatorSwitches(fixture.emulator.endpoint);
    await switches.setLogsDenied([EXECUTION_ROLE]);
    const task = await fixture.runToEnd([shell('main', 'true')]);
    await switches.setLogsDenied(['arn:aws:iam::000000000000:role/another']);
    expect(task).toMatchObject({
      stopCode: 'TaskFailedToStart',
      stoppedReason: expect.stringMatching(
        /^ResourceInitializationError: failed to validate logger args: .*AccessDeniedException: .*logs:CreateLogStream/,
      ),
    });
    expect((await fixture.runToEnd([shell('main', 'true')])).stopCode).toBe('EssentialContainerExited');
    await switches.reset();
  });
});
