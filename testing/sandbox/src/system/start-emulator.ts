import {
  type Emulator,
  type EmulatorOptions,
  startEmulator,
  sweep,
} from '@serverless-gitlab-runner/aws-emulator';
import { type Cleanup, type Log, step } from '@serverless-gitlab-runner/machine';
import type { PreparedMachine } from './prepare-machine.ts';

/** Starts the emulator of a run. If it is interrupted, clean-up finds its containers, volumes and networks by their label. */
export async function startEmulatorFor(
  log: Log,
  cleanup: Cleanup,
  machine: PreparedMachine,
  options: Pick<EmulatorOptions, 'stoppedTasksKeptSeconds' | 'taskEndpoint'> = {},
): Promise<Emulator> {
  const { runId, images } = machine;
  cleanup.add('containers, volumes and networks', async () => {
    await sweep(runId);
  });
  const emulator = await step(log, 'Starting the AWS emulator', () =>
    startEmulator({
      ...options,
      runId,
      ...(images.emulator === undefined ? {} : { image: images.emulator }),
    }),
  );
  cleanup.add('the AWS emulator', () => emulator.stop());
  return emulator;
}
