/** `npm run lint`: every check of the whole repository, one after the other; prints the output of those that fail. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secondsSince, tell } from './cli/progress.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = dirname(dirname(createRequire(import.meta.url).resolve('typescript/package.json')));

/** What a check looks at, its program in `node_modules`, and arguments. */
const checks = [
  { what: 'format and lint rules', script: '@biomejs/biome/bin/biome', args: ['check', '.'] },
  { what: 'types', script: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json', '--noEmit'] },
  {
    what: 'package boundaries',
    script: 'dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', 'dependency-cruiser.config.mjs', 'packages', 'examples'],
  },
  { what: 'dead code', script: 'knip/bin/knip.js', args: [] },
];

const start = Date.now();
/** @type {string[]} */
const failed = [];
for (const { what, script, args } of checks) {
  const began = Date.now();
  tell(`› ${what} …`);
  const { code, output } = await run(join(modules, script), args);
  tell(`${code === 0 ? '✓' : '✗'} ${what} (${secondsSince(began)} s)`);
  if (code === 0) continue;
  failed.push(what);
  console.log(output.trimEnd());
}
console.log(
  failed.length === 0
    ? `All checks passed in ${secondsSince(start)} s`
    : `Failed: ${failed.join(', ')}. "npm run format" repairs format and some lint rules.`,
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
      // Interrupted: no other check begins.
      if (signal) process.exit(signal === 'SIGINT' ? 130 : 143);
      resolve({ code: code ?? 1, output });
    });
  });
}
