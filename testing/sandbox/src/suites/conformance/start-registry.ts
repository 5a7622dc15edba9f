import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import { type Cleanup, type Log, runCommand, step, tryCommand } from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../images/demo-images.ts';
import { conformanceImage } from './images.ts';
import { removeImagesOf } from './private-registry/remove-images.ts';

/** A registry with one image, `team/app:1.0`. No local image has that name, so jobs must pull it. */
export interface Registry {
  /** Host and port on this machine's loopback, where Docker accepts plain HTTP. */
  address: string;
  /** Host and port for the containers of jobs, with plain HTTP. */
  addressForJobs: string;
  /** Digest of the image, `sha256:…`. */
  digest: string;
}

const IMAGE = 'team/app';
const PORT = 5000;

export interface RegistryOptions {
  runId: string;
  /** The run's Docker network, where jobs reach the registry by name. */
  networkName: string;
  log: Log;
  cleanup: Cleanup;
}

/** Starts a real registry in the emulator's network, and pushes an image to it. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { runId, networkName, log, cleanup } = options;
  return step(log, 'Registry with an image', async () => {
    const name = `${runId}-registry`;
    const label = `${RUN_LABEL}=${runId}`;
    await runCommand('docker', [
      ...['run', '--detach', '--name', name, '--label', label, '--network', networkName],
      ...['--publish', `127.0.0.1::${PORT}`],
      conformanceImage('registry'),
    ]);
    cleanup.add('the registry', async () => {
      await tryCommand('docker', ['rm', '--force', '--volumes', name]);
    });
    const address = (await runCommand('docker', ['port', name, `${PORT}/tcp`])).trim();
    const tagged = `${address}/${IMAGE}:1.0`;
    cleanup.add('the images from the registry', () => removeImagesOf(address));
    await runCommand('docker', ['tag', DEMO_IMAGES.busybox, tagged]);
    const digest = await push(tagged);
    await removeImagesOf(address);
    return { address, addressForJobs: `${name}:${PORT}`, digest };
  });
}

/** Retries until the registry, which may take some time to start, accepts the image. */
async function push(image: string): Promise<string> {
  let last = '';
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const result = await tryCommand('docker', ['push', image]);
    const [, digest] = /digest: (sha256:[0-9a-f]{64})/.exec(result.stdout) ?? [];
    if (digest !== undefined) return digest;
    last = result.stderr || result.stdout;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the registry did not accept ${image}: ${last}`);
}
