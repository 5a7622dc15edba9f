import { createRequire } from 'node:module';
import { type Log, step } from './progress.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

/**
 * Builds every package's bundle; what has not changed comes from nx's cache.
 * @throws {CommandFailedError} with nx's report
 */
export async function buildPackages(log: Log): Promise<void> {
  const nx = createRequire(import.meta.url).resolve('nx/bin/nx');
  const args = [nx, 'run-many', '-t', 'build', '--outputStyle=static'];
  // Its daemon would outlive the command.
  const env = { NX_DAEMON: 'false', NX_TUI: 'false' };
  await step(log, 'Bundles', () => runCommand(process.execPath, args, { cwd: REPOSITORY_ROOT, env }));
}
