/**
 * Publishes a package that `npm run pack` has built: `node scripts/publish-package.mjs packages/infra`. It is the target
 * `nx-release-publish`, which `nx release publish` runs with its own options. A version that the registry has is skipped, so that
 * an interrupted release can be repeated.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { logProgress } from './cli/progress.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Options of `nx release publish`. nx passes others, such as --verbose, to every task. */
const { values, positionals } = parseArgs({
  options: {
    registry: { type: 'string' },
    tag: { type: 'string' },
    otp: { type: 'string' },
    access: { type: 'string' },
    dryRun: { type: 'string' },
  },
  allowPositionals: true,
  strict: false,
});
process.exitCode = publish(basename(positionals[0] ?? ''));

/**
 * @param {string} name
 * @returns {number} exit code
 */
function publish(name) {
  const folder = join(ROOT, 'dist/npm', name);
  if (!existsSync(folder)) {
    logProgress(`${folder} does not exist: run "npm run pack" first`);
    return 1;
  }
  const packed = readManifest(folder);
  const { version } = readManifest(join(ROOT, 'packages', name));
  const spec = `${packed.name}@${packed.version}`;
  if (packed.version !== version) {
    logProgress(`${spec} was packed before version ${version} was released: run "npm run pack" again`);
    return 1;
  }
  const registry = options('registry');
  if (npm(['view', spec, 'version', ...registry], 'pipe').stdout.trim() === packed.version) {
    logProgress(`${spec} is published already`);
    return 0;
  }
  const dryRun = values.dryRun === 'true' || process.env.NX_DRY_RUN === 'true' ? ['--dry-run'] : [];
  const args = ['publish', folder, ...registry, ...options('tag'), ...options('otp'), ...options('access')];
  return npm([...args, ...dryRun], 'inherit').status ?? 1;
}

/** @param {'registry' | 'tag' | 'otp' | 'access'} name */
function options(name) {
  const value = values[name];
  return typeof value === 'string' ? [`--${name}=${value}`] : [];
}

/**
 * @param {readonly string[]} args
 * @param {'pipe' | 'inherit'} output
 */
function npm(args, output) {
  return spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', output, output] });
}

/**
 * @param {string} folder
 * @returns {{ name: string, version: string }}
 */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
