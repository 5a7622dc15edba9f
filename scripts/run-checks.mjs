/** `npm run lint`: runs every check of the repository in turn and prints the output of those that fail. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logProgress, secondsSince } from './cli/progress.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = dirname(dirname(createRequire(import.meta.url).resolve('typescript/package.json')));

/** A check's subject, its program in `node_modules`, and its arguments. */
const checks = [
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
  const checkStart = Date.now();
  logProgress(`› ${name} …`);
  const { code, output } = await run(join(modules, script), args);
  logProgress(`${code === 0 ? '✓' : '✗'} ${name} (${secondsSince(checkStart)} s)`);
  if (code === 0) continue;
  failed.push(name);
  console.log(output.trimEnd());
}
console.log(
  failed.length === 0
    ? `All checks passed in ${secondsSince(start)} s`
    : `Failed: ${failed.join(', ')}. "npm run format" fixes formatting and some lint rules.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
        output += chunk;
      });
    }
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
      process.once(signal, () => child.kill(signal));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      // Interrupted: start no further check.
      if (signal) process.exit(signal === 'SIGINT' ? 130 : 143);
      resolve({ code: code ?? 1, output });
    });
  });
}
