/** `npm run docs`: writes the reference pages, builds the site and checks its links; with --serve also serves it. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from 'vitepress';
import { parseCommandLine } from './cli/commands.mjs';
import { logProgress, secondsSince } from './cli/progress.mjs';
import { runAttached } from './cli/run-attached.mjs';
import { checkSite } from './docs/check-site.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SITE = join(ROOT, 'dist/docs');
const DOCS = join(ROOT, 'docs');

const { values } = parseCommandLine('docs', process.argv.slice(2));
const base = process.env.DOCS_BASE ?? '/';
process.exitCode = await main();

/** @returns {Promise<number>} the exit code */
async function main() {
  const start = Date.now();
  if ((await step('Reference pages', writeReference)) !== 0) return 1;
  rmSync(SITE, { recursive: true, force: true });
  if ((await step('Building the site', buildSite)) !== 0) return 1;
  const { pages, links, problems } = checkSite(SITE, base);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) {
    console.log(`${problems.length} of ${links} links are broken. Correct them in docs/, and run it again.`);
    return 1;
  }
  console.log(`dist/docs built in ${secondsSince(start)} s: ${pages} pages, ${links} links, all valid`);
  if (values.serve) {
    await serve({ root: DOCS, base, port: Number(values.port) });
    logProgress('Ctrl-C ends it.');
  }
  return 0;
}

/**
 * @param {string} name
 * @param {() => Promise<number>} action returns an exit code
 */
async function step(name, action) {
  const start = Date.now();
  logProgress(`› ${name} …`);
  const code = await action();
  logProgress(`${code === 0 ? '✓' : '✗'} ${name} (${secondsSince(start)} s)`);
  return code;
}

function writeReference() {
  return runAttached(process.execPath, ['testing/documentation/src/write-reference.ts'], {
    cwd: ROOT,
    env: process.env,
  });
}

/** VitePress's output is printed only if it fails. @returns {Promise<number>} */
function buildSite() {
  const child = spawn(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build', 'docs'], {
    cwd: ROOT,
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
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) console.log(output.trimEnd());
      resolve(code ?? 1);
    });
  });
}
