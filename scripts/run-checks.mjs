/** `npm run lint`: runs every check of the repository in turn and prints the output of those that fail. */
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secondsSince } from './cli/progress.mjs';
import { runQuietly } from './cli/run-quietly.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = dirname(dirname(createRequire(import.meta.url).resolve('typescript/package.json')));
// Set by npm itself: its own program, which `npm run lint` was started with.
const npm = process.env.npm_execpath;

/** A check's subject, its program (in `node_modules` unless the path is absolute), and its arguments. */
const checks = [
  // `npm install` writes an incomplete lockfile where a registry lacks a platform's package, and only `npm ci` refuses it.
  ...(npm
    ? [{ name: 'lockfile', script: npm, args: ['ci', '--dry-run', '--ignore-scripts', '--prefer-offline'] }]
    : []),
  { name: 'format and lint rules', script: '@biomejs/biome/bin/biome', args: ['check', '.'] },
  { name: 'types', script: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json', '--noEmit'] },
  {
    name: 'types in the browser',
    script: 'typescript/bin/tsc',
    args: ['-p', 'packages/cli/tsconfig.page.json', '--noEmit'],
  },
  {
    name: 'package boundaries',
    script: 'dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', 'dependency-cruiser.config.mjs', 'packages', 'examples'],
  },
  { name: 'dead code', script: 'knip/bin/knip.js', args: [] },
  {
    name: 'published packages',
    script: 'nx/dist/bin/nx.js',
    args: ['run-many', '-t', 'check-package', '--outputStyle=static'],
  },
];

const start = Date.now();
/** @type {string[]} */
const failed = [];
for (const { name, script, args } of checks) {
  if (!(await runQuietly(name, [resolve(modules, script), ...args], root))) failed.push(name);
}
console.log(
  failed.length === 0
    ? `All checks passed in ${secondsSince(start)} s`
    : `Failed: ${failed.join(', ')}. "npm run format" fixes formatting and some lint rules.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
