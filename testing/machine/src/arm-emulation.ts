import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canInstall, installPackages } from './apt-packages.ts';
import type { Cleanup } from './cleanup.ts';
import { HOST_ARCHITECTURE } from './docker/platform.ts';
import { type Log, step } from './progress.ts';
import { runCommand, tryCommand } from './run-command.ts';

/** Where the kernel has its handlers of foreign programs. @see https://docs.kernel.org/admin-guide/binfmt-misc.html */
const BINFMT = '/proc/sys/fs/binfmt_misc';
const QEMU = '/usr/bin/qemu-aarch64-static';
/** How a program for 64-bit ARM under Linux begins (ELF, little endian, executable or shared object, machine 0xb7), and what counts of it. */
const MAGIC = '7f454c460201010000000000000000000200b700';
const MASK = 'ffffffffffffff00fffffffffffffffffeffffff';
/** Ours are called so, each run has its own: one run's end does not take it from another. */
const OWN_PREFIX = 'serverless-gitlab-runner-aarch64-';

/** Programs for ARM64 cannot be run here, and that cannot be changed from here. The message says what to do. */
export class NoArmEmulationError extends Error {
  override readonly name = 'NoArmEmulationError';
}

/**
 * Makes sure that Docker runs containers for ARM64: on an x86 Linux machine the kernel needs QEMU as handler of their
 * programs. Installs and registers it where it is not yet (root on Debian or Ubuntu); what was registered is gone at the end.
 * @throws {NoArmEmulationError}
 */
export async function ensureArmEmulation(log: Log, cleanup: Cleanup): Promise<void> {
  // Docker Desktop, the only Docker on other systems, brings its emulation.
  if (HOST_ARCHITECTURE === 'ARM64' || process.platform !== 'linux') return;
  await step(log, 'Emulation of ARM64', async (inner) => {
    if (await isRegistered()) return;
    if (process.getuid?.() !== 0) throw new NoArmEmulationError(wayOut('only root can register one'));
    if (!existsSync(QEMU)) await installQemu(inner);
    cleanup.add('the emulation of ARM64', await register());
  });
}

async function installQemu(log: Log): Promise<void> {
  if (!canInstall()) throw new NoArmEmulationError(wayOut(`there is no ${QEMU}`));
  await installPackages(['qemu-user-static'], log);
}

/** Whether somebody else's handler is there, which containers find: opened when it was registered (flag F). */
async function isRegistered(): Promise<boolean> {
  const names = await readdir(BINFMT).catch(() => []);
  const others = names.filter((name) => !name.startsWith(OWN_PREFIX) && name !== 'register');
  const handlers = await Promise.all(others.map((name) => readFile(join(BINFMT, name), 'utf8')));
  return handlers.some(
    (handler) =>
      handler.startsWith('enabled') && /^flags:.*F/m.test(handler) && handler.includes(`magic ${MAGIC}`),
  );
}

/** Registers QEMU; returns what undoes it. */
async function register(): Promise<() => Promise<void>> {
  const mounted = existsSync(join(BINFMT, 'register'));
  const name = OWN_PREFIX + randomBytes(4).toString('hex');
  try {
    if (!mounted) await runCommand('mount', ['-t', 'binfmt_misc', 'none', BINFMT]);
    await writeFile(join(BINFMT, 'register'), `:${name}:M::${escaped(MAGIC)}:${escaped(MASK)}:${QEMU}:F`);
  } catch (error) {
    throw new NoArmEmulationError(wayOut(error instanceof Error ? error.message : String(error)));
  }
  return async () => {
    await writeFile(join(BINFMT, name), '-1');
    const left = (await readdir(BINFMT)).filter((entry) => entry.startsWith(OWN_PREFIX));
    if (!mounted && left.length === 0) await tryCommand('umount', ['--lazy', BINFMT]);
  };
}

function escaped(hex: string): string {
  return hex.replaceAll(/../g, (byte) => `\\x${byte}`);
}

function wayOut(why: string): string {
  return (
    `This machine runs no programs for ARM64: the kernel has no handler for them, and ${why}.\n` +
    'Register one for containers ("docker run --privileged --rm tonistiigi/binfmt --install arm64"), or run this as root on ' +
    'Debian or Ubuntu; cases without ARM64 run without it (npm run conformance -- NAME…)'
  );
}
