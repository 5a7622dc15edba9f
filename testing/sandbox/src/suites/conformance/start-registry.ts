import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import { type Cleanup, type Log, runCommand, step, tryCommand } from '@serverless-gitlab-runner/machine';
import { DEMO_IMAGES } from '../../images/demo-images.ts';
import { conformanceImage } from './images.ts';
import { removeImagesOf } from './private-registry/remove-images.ts';

/** A registry with one image in it, `team/app:1.0`, which no local image has the name of. */
export interface Registry {
  /** Host and port; on this machine's loopback, where Docker asks for no TLS. */
  address: string;
  /** Host and port for the containers of jobs, by plain HTTP. */
  addressForJobs: string;
  /** `sha256:…` of the image. */
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

/** Starts a real registry beside the emulator, and puts an image into it. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  const { runId, networkName, log, cleanup } = options;
  return step(log, 'A registry with an image', async () => {
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

/** The registry may need a moment until it listens: pushes until it takes the image. */
async function push(image: string): Promise<string> {
  let last = '';
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const result = await tryCommand('docker', ['push', image]);
    const [, digest] = /digest: (sha256:[0-9a-f]{64})/.exec(result.stdout) ?? [];
    if (digest !== undefined) return digest;
    last = result.stderr || result.stdout;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the registry does not take ${image}: ${last}`);
}
