import { randomBytes } from 'node:crypto';
import {
  buildPackages,
  type Cleanup,
  ensureDockerDaemon,
  type Log,
  readEnvironment,
  runCommand,
  type SandboxEnvironment,
  step,
  tryCommand,
} from '@serverless-gitlab-runner/machine';
import { buildDemoImages, buildImages, type SystemImages } from '../images/build-images.ts';

export interface PreparedMachine {
  /** Label and name prefix of everything that this run starts. */
  runId: string;
  images: SystemImages;
  environment: SandboxEnvironment;
}

export interface PrepareOptions {
  log: Log;
  cleanup: Cleanup;
  /** Whether to build the packages' bundles. Default: false, they already exist. */
  bundles?: boolean;
  /** Whether to build the images of the demo's jobs too. */
  demoImages: boolean;
}

/** Prepares Docker and all images on any machine. */
export async function prepareMachine(options: PrepareOptions): Promise<PreparedMachine> {
  const { log, cleanup, bundles = false, demoImages } = options;
  const environment = readEnvironment();
  const daemon = await step(log, 'Docker', ensureDockerDaemon);
  cleanup.add('the Docker daemon', () => daemon.stop());
  if (bundles) await buildPackages(log);
  const runId = `sgr-${randomBytes(4).toString('hex')}`;
  const images = await buildImages(environment, log);
  const [manager, helper] = await Promise.all([
    pinImage(images.manager, runId, cleanup),
    pinImage(images.helper, runId, cleanup),
  ]);
  if (demoImages) await step(log, 'Images of the demo jobs', buildDemoImages);
  return { runId, images: { ...images, manager, helper }, environment };
}

/** Gives an image a name of its own for this run: another checkout on the same machine may rebuild the image meanwhile. */
export async function pinImage(image: string, tag: string, cleanup: Cleanup): Promise<string> {
  const pinned = image.replace(/:[^:]*$/, `:${tag}`);
  await runCommand('docker', ['tag', image, pinned]);
  cleanup.add(`the name ${pinned}`, async () => void (await tryCommand('docker', ['rmi', pinned])));
  return pinned;
}
