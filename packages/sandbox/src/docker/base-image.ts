import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../setup/progress.ts';
import { runCommand, tryCommand } from '../setup/run-command.ts';
import { imageId } from './build-image.ts';

/** The image that all images of the sandbox stand on. */
export const BASE_IMAGE = 'debian:bookworm-slim';

const MIRROR = 'http://deb.debian.org/debian';

/** The base image is not there, cannot be pulled and cannot be made here. The message says what to do. */
export class BaseImageUnavailableError extends Error {
  override readonly name = 'BaseImageUnavailableError';
}

/**
 * Makes sure that the base image is there: pulls it, else makes it with debootstrap (root on Debian or Ubuntu, 40 s)
 * under the same name. Returns the name.
 * @throws {BaseImageUnavailableError}
 */
export async function ensureBaseImage(log: Log): Promise<string> {
  if (await imageId(BASE_IMAGE)) return BASE_IMAGE;
  log(`docker pull ${BASE_IMAGE}`);
  const pull = await tryCommand('docker', ['pull', BASE_IMAGE]);
  if (pull.ok) return BASE_IMAGE;
  const reason = pull.stderr.trim();
  log(`it cannot be pulled (${reason}): making it with debootstrap`);
  await requireDebootstrap(reason);
  await bootstrap(log);
  return BASE_IMAGE;
}

async function requireDebootstrap(reason: string): Promise<void> {
  const here = await tryCommand('debootstrap', ['--version']);
  if (process.getuid?.() === 0 && here.ok) return;
  throw new BaseImageUnavailableError(
    `${BASE_IMAGE} cannot be pulled: ${reason}\n` +
      'Give Docker a way to a registry, or run this as root where debootstrap is installed (apt-get install debootstrap)',
  );
}

async function bootstrap(log: Log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'base-image-'));
  try {
    const options = ['--variant=minbase', '--include=ca-certificates', 'bookworm', folder, MIRROR];
    await runCommand('debootstrap', options, {
      onLine: (line) => {
        if (/^I: (Base system|Retrieving Packages)/.test(line)) log(line);
      },
    });
    await rm(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
    const script = 'tar -C "$0" -c . | docker import --change \'CMD ["bash"]\' - "$1"';
    await runCommand('sh', ['-c', script, folder, BASE_IMAGE]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
