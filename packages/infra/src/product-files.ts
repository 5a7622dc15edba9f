import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package: `packages/infra` in the repository, or where it is installed. `cdk.json` is here. */
export const PACKAGE_DIRECTORY = nearestPackage(dirname(fileURLToPath(import.meta.url)));

/** In the published package, the files that come from elsewhere in the repository, under their paths there. */
const PACKED_FILES = join(PACKAGE_DIRECTORY, 'files');

/** Whether this is the published package, which contains what the repository builds. */
export const IS_PUBLISHED = existsSync(PACKED_FILES);

/**
 * A file or folder of the product, such as `images/runner` or `packages/idle-reaper/dist`, by its path in the repository. The
 * published package has the same paths below `files`.
 */
export function productFile(path: string): string {
  return join(IS_PUBLISHED ? PACKED_FILES : join(PACKAGE_DIRECTORY, '../..'), path);
}

/** Compiled code is not as deep in its package as its source. */
function nearestPackage(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`${fileURLToPath(import.meta.url)} belongs to no package`);
  return nearestPackage(parent);
}
