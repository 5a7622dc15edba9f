import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canInstall, installPackages } from './apt-packages.ts';
import type { Cleanup } from './cleanup.ts';
import { HOST_ARCHITECTURE } from './docker/platform.ts';
import { type Log, step } from './progress.ts';
import { runCommand, tryCommand } from './run-command.ts';

/** Lists the kernel's handlers of foreign programs. @see https://docs.kernel.org/admin-guide/binfmt-misc.html */
const BINFMT = '/proc/sys/fs/binfmt_misc';
const QEMU = '/usr/bin/qemu-aarch64-static';
/** First bytes of a Linux program for 64-bit ARM (ELF, little endian, executable or shared object, machine 0xb7). */
const MAGIC = '7f454c460201010000000000000000000200b700';
/** The bits of `MAGIC` that the kernel compares. */
const MASK = 'ffffffffffffff00fffffffffffffffffeffffff';
/** Prefix of the handlers registered here. Each run registers its own, so that the end of one run does not affect another. */
const OWN_PREFIX = 'serverless-gitlab-runner-aarch64-';

/** This machine cannot run programs for ARM64, and this process cannot change that. The message says what to do. */
export class NoArmEmulationError extends Error {
  override readonly name = 'NoArmEmulationError';
}

/**
 * Makes sure that Docker runs containers for ARM64: on an x86 Linux machine the kernel needs QEMU as the handler of their
 * programs. Installs and registers QEMU if needed (root on Debian or Ubuntu), and removes its registration at the end.
 * @throws {NoArmEmulationError}
 */
export async function ensureArmEmulation(log: Log, cleanup: Cleanup): Promise<void> {
  // Other systems have Docker Desktop only, which includes emulation.
  if (HOST_ARCHITECTURE === 'ARM64' || process.platform !== 'linux') return;
  await step(log, 'Emulating ARM64', async (inner) => {
    if (await isRegistered()) return;
    if (process.getuid?.() !== 0) throw new NoArmEmulationError(emulationHelp('only root can register one'));
    if (!existsSync(QEMU)) await installQemu(inner);
    cleanup.add('the emulation of ARM64', await register());
  });
}

async function installQemu(log: Log): Promise<void> {
  if (!canInstall()) throw new NoArmEmulationError(emulationHelp(`${QEMU} does not exist`));
  await installPackages(['qemu-user-static'], log);
}

/** Whether a handler from elsewhere works in containers too: the kernel opened its program at registration (flag F). */
async function isRegistered(): Promise<boolean> {
  const names = await readdir(BINFMT).catch(() => []);
  const others = names.filter((name) => !name.startsWith(OWN_PREFIX) && name !== 'register');
  const handlers = await Promise.all(others.map((name) => readFile(join(BINFMT, name), 'utf8')));
  return handlers.some(
    (handler) =>
      handler.startsWith('enabled') && /^flags:.*F/m.test(handler) && handler.includes(`magic ${MAGIC}`),
  );
}

/** Registers QEMU, and returns a function that removes the registration. */
async function register(): Promise<() => Promise<void>> {
  const mounted = existsSync(join(BINFMT, 'register'));
  const name = OWN_PREFIX + randomBytes(4).toString('hex');
  try {
    if (!mounted) await runCommand('mount', ['-t', 'binfmt_misc', 'none', BINFMT]);
    await writeFile(join(BINFMT, 'register'), `:${name}:M::${escaped(MAGIC)}:${escaped(MASK)}:${QEMU}:F`);
  } catch (error) {
    throw new NoArmEmulationError(emulationHelp(error instanceof Error ? error.message : String(error)));
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

function emulationHelp(reason: string): string {
  return (
    `This machine cannot run programs for ARM64: the kernel has no handler for them, and ${reason}.\n` +
    'Register one for containers ("docker run --privileged --rm tonistiigi/binfmt --install arm64"), or run this as root on ' +
    'Debian or Ubuntu. Cases that do not use ARM64 run without it (npm run conformance -- NAME…).'
  );
}
