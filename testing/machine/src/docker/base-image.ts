import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import type { Log } from '../progress.ts';
import { REPOSITORY_ROOT } from '../repository-root.ts';
import { runCommand, tryCommand } from '../run-command.ts';
import { imageId } from './build-image.ts';
import { defaultImageOf } from './default-image.ts';
import { loadImage } from './load-image.ts';
import { HOST_ARCHITECTURE, nameFor, PLATFORM } from './platform.ts';

/** Base of all images of the sandbox. */
export const BASE_IMAGE = 'debian:bookworm-slim';
/** The base image by its digest, as the Dockerfiles name it. */
const PINNED_BASE_IMAGE = defaultImageOf(
  join(REPOSITORY_ROOT, 'testing/aws-emulator/image/Dockerfile'),
  'BASE_IMAGE',
);
/** The base image of a single architecture: pulling one of these never changes what `BASE_IMAGE` refers to. */
const SINGLE_ARCHITECTURE_IMAGES: Readonly<Record<Architecture, string>> = {
  X86_64: 'amd64/debian:bookworm-slim',
  ARM64: 'arm64v8/debian:bookworm-slim',
};

const MIRROR = 'http://deb.debian.org/debian';

/** The base image is missing, and can be neither pulled nor built here. The message says what to do. */
export class BaseImageUnavailableError extends Error {
  override readonly name = 'BaseImageUnavailableError';
}

/**
 * Makes sure that the base image exists: pulls it, else builds it under the same name with debootstrap (root on Debian or
 * Ubuntu; 40 s, or some minutes for an emulated architecture). Returns the name.
 * @param architecture one other than the machine's needs emulation
 * @throws {BaseImageUnavailableError}
 */
export async function ensureBaseImage(
  log: Log,
  architecture: Architecture = HOST_ARCHITECTURE,
): Promise<string> {
  const name = nameFor(BASE_IMAGE, architecture);
  if (await imageId(name)) return name;
  const source =
    architecture === HOST_ARCHITECTURE ? PINNED_BASE_IMAGE : SINGLE_ARCHITECTURE_IMAGES[architecture];
  log(`docker pull ${source}`);
  const pull = await tryCommand('docker', ['pull', '--platform', PLATFORM[architecture], source]);
  if (pull.ok) {
    if (source !== name) await runCommand('docker', ['tag', source, name]);
    return name;
  }
  const reason = pull.stderr.trim();
  log(`${source} cannot be pulled (${reason}); building it with debootstrap`);
  await requireDebootstrap(reason);
  await bootstrap(name, architecture, log);
  return name;
}

async function requireDebootstrap(reason: string): Promise<void> {
  const version = await tryCommand('debootstrap', ['--version']);
  if (process.getuid?.() === 0 && version.ok) return;
  throw new BaseImageUnavailableError(
    `${BASE_IMAGE} cannot be pulled: ${reason}\n` +
      'Let Docker reach a registry, or run this as root with debootstrap installed (apt-get install debootstrap).',
  );
}

async function bootstrap(name: string, architecture: Architecture, log: Log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'base-image-'));
  const platform = PLATFORM[architecture];
  try {
    const arch = `--arch=${platform.slice('linux/'.length)}`;
    const options = ['--variant=minbase', arch, '--include=ca-certificates', 'bookworm', folder, MIRROR];
    await runCommand('debootstrap', options, {
      onLine: (line) => {
        if (/^I: (Base system|Retrieving Packages|Installing core|Configuring libc-bin)/.test(line))
          log(line);
      },
    });
    await makeSlim(folder);
    await loadImage({ name, folder, platform });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what the official slim image lacks, too, and lets packages that are installed later do without it. */
async function makeSlim(folder: string): Promise<void> {
  const dispensable = ['usr/share/doc', 'usr/share/info', 'usr/share/locale', 'usr/share/man'];
  for (const path of [...dispensable, 'var/cache/apt', 'var/lib/apt/lists'])
    await emptyFolder(join(folder, path));
  const excluded = dispensable.map((path) => `path-exclude /${path}/*\n`).join('');
  await writeFile(join(folder, 'etc/dpkg/dpkg.cfg.d/slim'), excluded);
}

async function emptyFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
}
