import {
  type AccountSwitch,
  type Emulator,
  type EmulatorOptions,
  EmulatorSwitches,
  startEmulator,
  sweep,
} from '@serverless-gitlab-runner/aws-emulator';
import { type Cleanup, type Log, step } from '@serverless-gitlab-runner/machine';
import type { PreparedMachine } from './prepare-machine.ts';

/** Options of an environment's emulator. */
export interface EmulatorSettings
  extends Pick<EmulatorOptions, 'stoppedTasksKeptSeconds' | 'taskEndpoint' | 'onLogLine'> {
  /** Whether the account has used ECS before. Default: it has. */
  account?: AccountSwitch;
}

/** Starts the emulator of a run. If it is interrupted, clean-up finds its containers, volumes and networks by their label. */
export async function startEmulatorFor(
  log: Log,
  cleanup: Cleanup,
  machine: PreparedMachine,
  { account, ...options }: EmulatorSettings = {},
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
  if (account) await new EmulatorSwitches(emulator.endpoint).setAccount(account);
  return emulator;
}
