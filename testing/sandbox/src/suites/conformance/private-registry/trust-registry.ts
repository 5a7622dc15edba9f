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

/** Docker looks into this folder at each pull. @see https://docs.docker.com/engine/security/certificates/ */
const DOCKER_FOLDER = '/etc/docker';

export interface TrustOptions {
  /** Host and port. */
  host: string;
  /** Certificate of its authority, PEM. */
  ca: string;
  runId: string;
  cleanup: Cleanup;
}

/**
 * Lets Docker trust a registry for this run. The file is written from a container: who may use Docker may do that, whoever
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
  /** What it is to be called: `reserveTrustingManager`. */
  name: string;
  /** Image of managers. */
  manager: string;
  /** File with the authority's certificate. */
  caFile: string;
  log: Log;
}

/**
 * The name of a run's image of managers that trust the registry. To be asked for before anything runs that image: clean-up goes
 * backwards, and Docker removes no image of a running container.
 */
export function reserveTrustingManager(manager: string, runId: string, cleanup: Cleanup): string {
  const name = manager.replace(/:[^:/]*$/, `:${runId}-trusting`);
  cleanup.add(`the image ${name}`, async () => void (await tryCommand('docker', ['rmi', name])));
  return name;
}

/** Makes of the managers' image one that trusts the registry, as people with a private authority do. */
export async function buildTrustingManager(options: TrustingImageOptions): Promise<void> {
  const { name, manager, caFile, log } = options;
  await buildImage({
    ...{ name, log },
    context: join(REPOSITORY_ROOT, 'testing/sandbox/images/conformance-manager'),
    buildArgs: { MANAGER_IMAGE: manager },
    extraFiles: { 'registry.crt': caFile },
  });
}
