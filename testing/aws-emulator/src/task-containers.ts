import { runCommand } from '@serverless-gitlab-runner/machine';

/** Label of all Docker resources of a sandbox run; its value is the run's id. */
export const RUN_LABEL = 'serverless-gitlab-runner.sandbox';

/** Names of a run's containers in Docker, running or not, except the emulator. */
export async function taskContainers(runId: string): Promise<string[]> {
  const output = await runCommand('docker', [
    'ps',
    '-a',
    '--filter',
    `label=${RUN_LABEL}=${runId}`,
    '--format',
    '{{.Names}}',
  ]);
  return output.split('\n').filter((name) => name !== '' && name !== `${runId}-emulator`);
}
