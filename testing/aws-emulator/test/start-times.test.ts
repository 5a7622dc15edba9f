import { StopTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmulatorSwitches } from '../src/switches.ts';
import { CLUSTER, EmulatorFixture, IMAGE, shell } from './support/emulator-fixture.ts';

let fixture: EmulatorFixture;
let switches: EmulatorSwitches;
let family: string;

beforeAll(async () => {
  fixture = await EmulatorFixture.start('start-times');
  switches = new EmulatorSwitches(fixture.emulator.endpoint);
  family = await fixture.register([shell('first', 'exec sleep 60'), shell('second', 'exec sleep 60')]);
}, 180_000);

afterEach(() => switches.reset());

afterAll(async () => {
  await fixture?.stop();
}, 60_000);

async function runningTask(): Promise<Task> {
  const task = await fixture.reach(await fixture.run(family), 'RUNNING');
  await stop(task);
  return task;
}

async function stop(task: Task): Promise<void> {
  await fixture.ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: task.taskArn ?? '' }));
}

function secondsBetween(start: Date | undefined, end: Date | undefined): number {
  if (!start || !end) throw new Error('a time of the task is missing');
  return (end.getTime() - start.getTime()) / 1000;
}

describe('start times', () => {
  it('provision a task for as long as they say', async () => {
    await switches.setStartTimes({ seconds: 3 });
    const { createdAt, pullStartedAt } = await runningTask();
    expect(secondsBetween(createdAt, pullStartedAt)).toBeGreaterThan(2.9);
  });

  it('pull an image by its size, once for all containers that use it', async () => {
    const size = Number(await runCommand('docker', ['image', 'inspect', '--format', '{{.Size}}', IMAGE]));
    await switches.setStartTimes({ seconds: 0, megabytesPerSecond: size / 1e6 / 3 });
    const { pullStartedAt, pullStoppedAt } = await runningTask();
    const seconds = secondsBetween(pullStartedAt, pullStoppedAt);
    expect(seconds).toBeGreaterThan(2.9);
    expect(seconds).toBeLessThan(5.9);
  });

  it('do not delay the end of a task that is stopped meanwhile', async () => {
    await switches.setStartTimes({ seconds: 3600 });
    const task = await fixture.run(family);
    await stop(task);
    expect((await fixture.reach(task, 'STOPPED')).startedAt).toBeUndefined();
  });

  it.each([{ seconds: -1 }, { seconds: 1, deviation: -1 }, { seconds: 1, megabytesPerSecond: 0 }])(
    'refuse %j',
    async (times) => {
      await expect(switches.setStartTimes(times)).rejects.toThrow(/400/);
    },
  );
});
