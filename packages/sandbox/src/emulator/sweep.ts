import { runCommand, tryCommand } from '../setup/run-command.ts';
import { RUN_LABEL } from '../system/task-containers.ts';

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
  let containers = 0;
  // Until there are none: the emulator may have started a task while its others were removed.
  for (let found = -1; found !== 0; containers += found) {
    found = await remove(['ps', '-aq'], ['rm', '-f', '-v'], runId);
  }
  const volumes = await remove(['volume', 'ls', '-q'], ['volume', 'rm', '-f'], runId);
  const networks = await remove(['network', 'ls', '-q'], ['network', 'rm'], runId);
  return { containers, volumes, networks };
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
