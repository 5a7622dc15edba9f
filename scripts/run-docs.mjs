/** `npm run docs`: writes the reference pages, builds the site and checks its links; with --serve also serves it. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from 'vitepress';
import { parseCommandLine } from './cli/commands.mjs';
import { logProgress, secondsSince } from './cli/progress.mjs';
import { runAttached } from './cli/run-attached.mjs';
import { runQuietly, step } from './cli/run-quietly.mjs';
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
  if ((await step('Reference pages', writeReference)).code !== 0) return 1;
  rmSync(SITE, { recursive: true, force: true });
  const build = ['node_modules/vitepress/bin/vitepress.js', 'build', 'docs'];
  if (!(await runQuietly('Building the site', build, ROOT))) return 1;
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

async function writeReference() {
  const args = ['testing/documentation/src/write-reference.ts'];
  return { code: await runAttached(process.execPath, args, { cwd: ROOT, env: process.env }) };
}
