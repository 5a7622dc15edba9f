import { join } from 'node:path';
import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import {
  buildImage,
  type Cleanup,
  type Log,
  REPOSITORY_ROOT,
  runCommand,
  tryCommand,
} from '@serverless-gitlab-runner/machine';
import { conformanceImage } from '../images.ts';

/** Docker reads the certificates below this folder at each pull. @see https://docs.docker.com/engine/security/certificates/ */
const DOCKER_FOLDER = '/etc/docker';

export interface TrustOptions {
  /** Host and port. */
  host: string;
  /** Certificate of its certificate authority (PEM). */
  ca: string;
  runId: string;
  cleanup: Cleanup;
}

/**
 * Makes Docker trust a registry for this run. The file is written from a container: every user of Docker may do that, whoever
 * owns the folder.
 */
export async function trustRegistry({ host, ca, runId, cleanup }: TrustOptions): Promise<void> {
  const inFolder = (script: string) => [
    ...[
      'run',
      '--rm',
      '--label',
      `${RUN_LABEL}=${runId}`,
      '--volume',
      `${DOCKER_FOLDER}:/docker`,
      '--env',
      'CA',
    ],
    ...[conformanceImage('registry'), 'sh', '-ec', script, host],
  ];
  cleanup.add("Docker's trust in the private registry", async () => {
    const script = 'cd /docker/certs.d && rm -rf "$0" && rmdir --ignore-fail-on-non-empty /docker/certs.d';
    await tryCommand('docker', inFolder(script), { env: { CA: '' } });
  });
  const script = 'mkdir -p "/docker/certs.d/$0" && printf %s "$CA" > "/docker/certs.d/$0/ca.crt"';
  await runCommand('docker', inFolder(script), { env: { CA: ca } });
}

export interface TrustingImageOptions {
  /** Name of the new image, from `reserveTrustingManager`. */
  name: string;
  /** Image of managers. */
  manager: string;
  /** File with the certificate of the authority. */
  caFile: string;
  log: Log;
}

/**
 * Returns the name of the run's image of managers that trust the registry, and registers its removal. Call it before a container
 * of that image starts: clean-up runs in reverse order, and Docker does not remove the image of a running container.
 */
export function reserveTrustingManager(manager: string, runId: string, cleanup: Cleanup): string {
  const name = manager.replace(/:[^:/]*$/, `:${runId}-trusting`);
  cleanup.add(`the image ${name}`, async () => void (await tryCommand('docker', ['rmi', name])));
  return name;
}

/** Derives an image that trusts the registry from the managers' image, as users with a private authority do. */
export async function buildTrustingManager(options: TrustingImageOptions): Promise<void> {
  const { name, manager, caFile, log } = options;
  await buildImage({
    name,
    log,
    context: join(REPOSITORY_ROOT, 'testing/sandbox/images/conformance-manager'),
    buildArgs: { MANAGER_IMAGE: manager },
    extraFiles: { 'registry.crt': caFile },
  });
}
