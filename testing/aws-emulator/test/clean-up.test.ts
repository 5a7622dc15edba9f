import { runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, describe, expect, it } from 'vitest';
import { sweep } from '../src/index.ts';
import { RUN_LABEL } from '../src/task-containers.ts';
import { EmulatorFixture, shell } from './support/emulator-fixture.ts';

const runId = `emulator-test-clean-up-${process.pid}`;

afterAll(async () => {
  await sweep(runId);
});

/** Names of the run's Docker resources. */
async function left(): Promise<string[]> {
  const lists = [
    ['ps', '-a', '--format', '{{.Names}}'],
    ['volume', 'ls', '--format', '{{.Name}}'],
    ['network', 'ls', '--format', '{{.Name}}'],
  ];
  const outputs = await Promise.all(
    lists.map((list) => runCommand('docker', [...list, '--filter', `label=${RUN_LABEL}=${runId}`])),
  );
  return outputs.flatMap((output) => output.split('\n').filter((line) => line !== ''));
}

async function fixtureWithTask(): Promise<EmulatorFixture> {
  const fixture = await EmulatorFixture.start('clean-up', { runId });
  const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
  const stubborn = shell('main', 'trap "" TERM; while :; do sleep 0.1; done', { mountPoints });
  const task = await fixture.run(await fixture.register([stubborn], { volumes: [{ name: 'shared' }] }));
  await fixture.reach(task, 'RUNNING');
  return fixture;
}

describe('clean-up of a run', () => {
  it('removes everything but emulator and network when the emulator receives SIGTERM', async () => {
    const fixture = await fixtureWithTask();
    // The emulator, a pause and a main container, a volume, a network.
    expect(await left()).toHaveLength(5);
    await runCommand('docker', ['stop', '--time', '20', fixture.emulator.containerName]);
    expect(await left()).toEqual([fixture.emulator.containerName, fixture.emulator.networkName]);
    await sweep(runId);
    expect(await left()).toEqual([]);
  }, 120_000);

  it('removes everything by a sweep, even with the emulator running', async () => {
    await fixtureWithTask();
    expect(await sweep(runId)).toEqual({ containers: 3, volumes: 1, networks: 1 });
    expect(await left()).toEqual([]);
  }, 120_000);
});
