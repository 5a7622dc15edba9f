import {
  type Cleanup,
  ensureArmEmulation,
  HOST_ARCHITECTURE,
  type Log,
  nameFor,
  step,
} from '@serverless-gitlab-runner/machine';
import { buildArmHelperImage } from '../images/build-images.ts';
import { hasArmRunner } from '../images/runner-base-image.ts';
import { type PreparedMachine, pinImage } from './prepare-machine.ts';

/** Whether jobs on ARM64 can run here: their helper needs a runner for ARM64. */
export function canRunArm({ environment, images }: PreparedMachine): boolean {
  return hasArmRunner(environment, images.runner);
}

/**
 * Prepares emulation and the helper's image for jobs on ARM64. Does nothing on an ARM64 machine.
 * @returns the machine with the helper's image for ARM64
 * @throws {NoArmEmulationError}
 */
export async function prepareArm(
  machine: PreparedMachine,
  log: Log,
  cleanup: Cleanup,
): Promise<PreparedMachine> {
  if (HOST_ARCHITECTURE === 'ARM64') return machine;
  await ensureArmEmulation(log, cleanup);
  const { environment, images, runId } = machine;
  const built = await step(log, 'Helper image for ARM64 (takes minutes when it is rebuilt)', (inner) =>
    buildArmHelperImage(environment, images.runner, inner),
  );
  const helperArm64 = await pinImage(built, nameFor(runId, 'ARM64'), cleanup);
  return { ...machine, images: { ...images, helperArm64 } };
}
