import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, tryCommand } from '@serverless-gitlab-runner/machine';
import { RUN_LABEL } from './task-containers.ts';

/** Maximum number of removal rounds. */
const MAX_ROUNDS = 60;
/** Milliseconds between two rounds. */
const PAUSE_MS = 500;

/** Number of removed resources. */
export interface Swept {
  containers: number;
  volumes: number;
  networks: number;
}

/**
 * Removes all containers, volumes and networks with a run's label, running or not. Idempotent.
 */
export async function sweep(runId: string): Promise<Swept> {
  const swept = { containers: 0, volumes: 0, networks: 0 };
  // Repeated until nothing is left: a task's container may be created during a round, and Docker keeps a network until the last
  // container has left it.
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
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
    `Could not remove all Docker resources of run ${runId}; see: docker network ls --filter label=${RUN_LABEL}=${runId}`,
  );
}

async function remove(list: readonly string[], rm: readonly string[], runId: string): Promise<number> {
  const output = await runCommand('docker', [...list, '--filter', `label=${RUN_LABEL}=${runId}`]);
  const ids = output.split('\n').filter((line) => line !== '');
  if (ids.length > 0) await tryCommand('docker', [...rm, ...ids]);
  return ids.length;
}

/** Ids of the runs that have containers in Docker. */
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
