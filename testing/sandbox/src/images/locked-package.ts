import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_ROOT, runCommand } from '@serverless-gitlab-runner/machine';
import * as z from 'zod';

const LOCKFILE = join(REPOSITORY_ROOT, 'testing/sandbox/images/node/package-lock.json');

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ version: z.string(), integrity: z.string().optional() })),
});

/** A package does not match the lockfile. Nothing of it was used. */
export class WrongPackageError extends Error {
  override readonly name = 'WrongPackageError';
}

/** Version of an npm package for images, from `images/node/package-lock.json`. */
export function lockedVersion(name: string): string {
  return lockedPackage(name).version;
}

/**
 * Downloads an npm package in the version and with the hash of `images/node/package-lock.json`.
 * @returns path of the archive (`.tgz`) in the folder
 * @throws {WrongPackageError}
 */
export async function downloadLockedPackage(name: string, folder: string): Promise<string> {
  const { version, integrity } = lockedPackage(name);
  const packed = await runCommand('npm', [
    'pack',
    '--silent',
    '--pack-destination',
    folder,
    `${name}@${version}`,
  ]);
  const archive = join(folder, packed.trim().split('\n').at(-1) ?? '');
  const digest = createHash('sha512')
    .update(await readFile(archive))
    .digest('base64');
  if (`sha512-${digest}` !== integrity)
    throw new WrongPackageError(`${name}@${version} is sha512-${digest}, but ${LOCKFILE} has ${integrity}`);
  return archive;
}

function lockedPackage(name: string) {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(LOCKFILE, 'utf8')));
  const found = packages[`node_modules/${name}`];
  if (found === undefined) throw new WrongPackageError(`${LOCKFILE} has no ${name}`);
  return found;
}
