import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, tryCommand } from '@serverless-gitlab-runner/machine';
import { RUN_LABEL } from './task-containers.ts';

/** Rounds of removing, and milliseconds between those that found something again. */
const MOST_ROUNDS = 60;
const PAUSE_MS = 500;

/** What a sweep removed, by count. */
export interface Swept {
  containers: number;
  volumes: number;
  networks: number;
}

/**
 * Removes every container, volume and network that carries a run's label, running or not. What is gone already does
 * not matter; may be called twice.
 */
export async function sweep(runId: string): Promise<Swept> {
  const swept = { containers: 0, volumes: 0, networks: 0 };
  // Until there are none: Docker may have been making a task's container while the others were removed, and lets no network go
  // before the last one has left it.
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const containers = await remove(['ps', '-aq'], ['rm', '-f', '-v'], runId);
    const volumes = await remove(['volume', 'ls', '-q'], ['volume', 'rm', '-f'], runId);
    const networks = await remove(['network', 'ls', '-q'], ['network', 'rm'], runId);
    if (containers + volumes + networks === 0) return swept;
    swept.containers += containers;
    swept.volumes += volumes;
    swept.networks += networks;
    if (round > 0) await sleep(PAUSE_MS);
  }
  throw new Error(
    `Docker does not let go of what run ${runId} started: docker network ls --filter label=${RUN_LABEL}=${runId}`,
  );
}

async function remove(list: readonly string[], rm: readonly string[], runId: string): Promise<number> {
  const output = await runCommand('docker', [...list, '--filter', `label=${RUN_LABEL}=${runId}`]);
  const ids = output.split('\n').filter((line) => line !== '');
  if (ids.length > 0) await tryCommand('docker', [...rm, ...ids]);
  return ids.length;
}

/** Ids of the runs that have something in Docker. */
export async function listRuns(): Promise<string[]> {
  const format = `{{.Label "${RUN_LABEL}"}}`;
  const output = await runCommand('docker', [
    'ps',
    '-a',
    '--filter',
    `label=${RUN_LABEL}`,
    '--format',
    format,
  ]);
  return [...new Set(output.split('\n').filter((line) => line !== ''))];
}
