import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { canInstall, installPackages } from './apt-packages.ts';
import type { Log } from './progress.ts';

/** Names of the program, by preference. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** No Chromium exists here, and none can be installed. The message says what to do. */
export class ChromiumUnavailableError extends Error {
  override readonly name = 'ChromiumUnavailableError';
}

/**
 * Finds Chromium, or installs it first if it is missing (root on Debian).
 * @returns the program's path; that of `CHROMIUM_BIN` if set
 * @throws {ChromiumUnavailableError}
 */
export async function ensureChromium(log: Log): Promise<string> {
  const found = process.env.CHROMIUM_BIN || findChromium();
  if (found) return found;
  if (canInstall()) await installPackages(['chromium', 'fonts-dejavu-core'], log);
  const installed = findChromium();
  if (installed) return installed;
  throw new ChromiumUnavailableError(
    'Chromium is not installed: install Chromium or Chrome, or set CHROMIUM_BIN to its program, and try again.',
  );
}

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
