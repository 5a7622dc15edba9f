import { createRequire } from 'node:module';
import { type Log, step } from './progress.ts';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

/**
 * Builds every package's bundle. Unchanged packages come from nx's cache.
 * @throws {CommandFailedError} with nx's report
 */
export async function buildPackages(log: Log): Promise<void> {
  await step(log, 'Building bundles', () => runTarget('build'));
}

/**
 * Builds the published packages, as `npm run pack` does: folders and tarballs in `dist/npm`.
 * @throws {CommandFailedError} with nx's report
 */
export async function packPackages(log: Log): Promise<void> {
  await step(log, 'Packing packages', () => runTarget('pack'));
}

async function runTarget(target: string): Promise<void> {
  const nx = createRequire(import.meta.url).resolve('nx/bin/nx');
  const args = [nx, 'run-many', '-t', target, '--outputStyle=static'];
  // nx's daemon would outlive the command.
  const env = { NX_DAEMON: 'false', NX_TUI: 'false' };
  await runCommand(process.execPath, args, { cwd: REPOSITORY_ROOT, env });
}
