import { createRequire } from 'node:module';
import { type Log, step } from './progress.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

/**
 * Builds every package's bundle. Unchanged packages come from nx's cache.
 * @throws {CommandFailedError} with nx's report
 */
export async function buildPackages(log: Log): Promise<void> {
  const nx = createRequire(import.meta.url).resolve('nx/bin/nx');
  const args = [nx, 'run-many', '-t', 'build', '--outputStyle=static'];
  // nx's daemon would outlive the command.
  const env = { NX_DAEMON: 'false', NX_TUI: 'false' };
  await step(log, 'Building bundles', () =>
    runCommand(process.execPath, args, { cwd: REPOSITORY_ROOT, env }),
  );
}
