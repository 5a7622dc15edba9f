import { runCommand } from '@serverless-gitlab-runner/machine';

/** Label of everything that a run of the sandbox starts in Docker; its value is the run's id. */
export const RUN_LABEL = 'serverless-gitlab-runner.sandbox';

/** Names of a run's containers in Docker, running or not, without the emulator's own. */
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
