import { runCommand } from '@serverless-gitlab-runner/machine';
import { afterAll, describe, expect, it } from 'vitest';
import { sweep } from '../src/index.ts';
import { RUN_LABEL } from '../src/task-containers.ts';
import { shell, TestBed } from './support/emulator-fixture.ts';

const runId = `emulator-test-clean-up-${process.pid}`;

afterAll(async () => {
  await sweep(runId);
});

/** Names of what Docker has of the run. */
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

async function bedWithTask(): Promise<TestBed> {
  const bed = await TestBed.start('clean-up', { runId });
  const mountPoints = [{ sourceVolume: 'shared', containerPath: '/shared' }];
  const stubborn = shell('main', 'trap "" TERM; while :; do sleep 0.1; done', { mountPoints });
  const task = await bed.run(await bed.register([stubborn], { volumes: [{ name: 'shared' }] }));
  await bed.reach(task, 'RUNNING');
  return bed;
}

describe('of a run', () => {
  it('nothing is left when the emulator gets SIGTERM', async () => {
    const bed = await bedWithTask();
    // Emulator, pause and main container, a volume, a network.
    expect(await left()).toHaveLength(5);
    await runCommand('docker', ['stop', '--time', '20', bed.emulator.containerName]);
    expect(await left()).toEqual([bed.emulator.containerName, bed.emulator.networkName]);
    await sweep(runId);
    expect(await left()).toEqual([]);
  }, 120_000);

  it('nothing is left after a sweep from outside, with the emulator running', async () => {
    await bedWithTask();
    expect(await sweep(runId)).toEqual({ containers: 3, volumes: 1, networks: 1 });
    expect(await left()).toEqual([]);
  }, 120_000);
});
