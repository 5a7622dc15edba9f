import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_LABEL } from '@serverless-gitlab-runner/aws-emulator';
import {
  type GitLabDouble,
  REGISTRY_ISSUER,
  REGISTRY_SERVICE,
  TOKEN_PATH,
} from '@serverless-gitlab-runner/gitlab-double';
import { type Cleanup, type Log, runCommand, step, tryCommand } from '@serverless-gitlab-runner/machine';
import { conformanceImage } from '../images.ts';
import { removeImagesOf } from './remove-images.ts';
import { trustRegistry } from './trust-registry.ts';

/** A real registry with TLS. */
export interface TlsRegistry {
  /** Host and port. The host is this machine's address in the run's network: one name for Docker, managers and jobs. */
  host: string;
  /** Pushes a local image as an administrator, and returns its full name. */
  push(image: string, name: string): Promise<string>;
}

/** GitLab's container registry, which requires a token of the GitLab double. The project of a pushed repository must exist. */
export interface PrivateRegistry extends TlsRegistry {
  /** File with the certificate of the registry's certificate authority (PEM). */
  caFile: string;
  /** A registry that is not GitLab's, and open to everybody. */
  open: TlsRegistry;
}

export interface PrivateRegistryOptions {
  runId: string;
  networkName: string;
  /** This host's address in that network. */
  gatewayAddress: string;
  gitlab: GitLabDouble;
  log: Log;
  cleanup: Cleanup;
}

const PORT = 5000;
const OPEN_PORT = 5001;
/** Number of polls, a quarter of a second apart, until it listens: it makes its certificates first. */
const MAX_POLLS = 120;

/** Starts the registry, makes Docker trust it, and enables it in the GitLab double. */
export async function startPrivateRegistry(options: PrivateRegistryOptions): Promise<PrivateRegistry> {
  return step(options.log, "GitLab's registry, with TLS and tokens", async () => {
    const { runId, gitlab, cleanup } = options;
    const container = await startContainer(options);
    const hostOf = async (port: number) =>
      (await runCommand('docker', ['port', container, `${port}/tcp`])).trim();
    const [host, openHost] = [await hostOf(PORT), await hostOf(OPEN_PORT)];
    for (const each of [host, openHost])
      cleanup.add(`the images from the registry ${each}`, () => removeImagesOf(each));
    const ca = await waitUntilListening(container, host, 401);
    await waitUntilListening(container, openHost, 200);
    for (const each of [host, openHost]) await trustRegistry({ host: each, ca, runId, cleanup });
    gitlab.enableRegistry({ host, key: await readCertificates(container, 'token.key') });
    const folder = await mkdtemp(join(tmpdir(), 'private-registry-'));
    cleanup.add("the registry's login", () => rm(folder, { recursive: true, force: true }));
    const auth = Buffer.from(`root:${gitlab.privateToken}`).toString('base64');
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }), {
      mode: 0o600,
    });
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, ca);
    const registryAt = (at: string): TlsRegistry => ({
      host: at,
      push: (image, name) => push(folder, image, `${at}/${name}`),
    });
    return { ...registryAt(host), caFile, open: registryAt(openHost) };
  });
}

async function startContainer(options: PrivateRegistryOptions): Promise<string> {
  const { runId, networkName, gatewayAddress, gitlab, cleanup } = options;
  const name = `${runId}-private-registry`;
  cleanup.add('the private registry', async () => {
    await tryCommand('docker', ['rm', '--force', '--volumes', name]);
  });
  await runCommand('docker', [
    ...['run', '--detach', '--name', name, '--label', `${RUN_LABEL}=${runId}`, '--network', networkName],
    ...['--publish', `${gatewayAddress}::${PORT}`, '--publish', `${gatewayAddress}::${OPEN_PORT}`],
    conformanceImage('registry'),
    ...['serve-private', gatewayAddress, `${gitlab.url}${TOKEN_PATH}`, REGISTRY_SERVICE, REGISTRY_ISSUER],
  ]);
  return name;
}

/** Waits until a registry answers clients that trust it. Returns the certificate of its authority. */
async function waitUntilListening(container: string, host: string, expected: 200 | 401): Promise<string> {
  let last = '';
  for (let poll = 1; poll <= MAX_POLLS; poll += 1) {
    try {
      const ca = await readCertificates(container, 'ca.crt');
      const status = await statusOf(`https://${host}/v2/`, ca);
      if (status === expected) return ca;
      last = `it answered with ${status}`;
    } catch (error) {
      last = String(error);
    }
    await delay(250);
  }
  const { stdout, stderr } = await tryCommand('docker', ['logs', '--tail', '20', container]);
  throw new Error(`the registry at ${host} did not start: ${last}\n${stdout}${stderr}`);
}

function readCertificates(container: string, file: string): Promise<string> {
  return runCommand('docker', ['exec', container, 'cat', `/certificates/${file}`]);
}

function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy(new Error('it did not answer')));
    request.on('error', reject);
  });
}

/** Pushes an image and then removes its new name from Docker, so that a job really pulls it. */
async function push(folder: string, image: string, fullName: string): Promise<string> {
  await runCommand('docker', ['tag', image, fullName]);
  await runCommand('docker', ['--config', folder, 'push', fullName]);
  await runCommand('docker', ['rmi', fullName]);
  return fullName;
}
