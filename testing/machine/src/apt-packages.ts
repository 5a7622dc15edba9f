import { existsSync } from 'node:fs';
import type { Log } from './progress.ts';
import { runCommand } from './run-command.ts';

/** Whether packages can be installed: only as root on Debian or a derivative. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** Installs Debian packages without the packages that they recommend. */
export async function installPackages(packages: readonly string[], log: Log): Promise<void> {
  log(`installing ${packages.join(', ')} with apt-get`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runCommand('apt-get', ['update', '-qq'], { env });
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}
