#!/usr/bin/env node
/**
 * Entry point of every `npm run` command. It needs only Node 20: it checks the command line, installs the dependencies if
 * they are missing or older than the lockfile, and continues with the project's own Node 24.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asksForHelp, checkCommandLine, commands, isCommand, listCommands } from './cli/commands.mjs';
import { didYouMean, UsageError } from './cli/parse-options.mjs';
import { logProgress, secondsSince, withoutUnwantedColours } from './cli/progress.mjs';
import { runAttached } from './cli/run-attached.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules/node/bin/node');
const isTerminal = process.stdout.isTTY === true;
const env = {
  ...withoutUnwantedColours(process.env, isTerminal),
  PATH: `${dirname(node24)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
};

const [name = 'help', ...rest] = process.argv.slice(2);
// npm removes the first "--", other package managers do not.
const args = rest[0] === '--' ? rest.slice(1) : rest;

/** @type {Record<import('./cli/commands.mjs').CommandName, () => Promise<number>>} */
const actions = {
  demo: inSandbox,
  sandbox: inSandbox,
  faults: inSandbox,
  conformance: inSandbox,
  bench: inSandbox,
  test: inSandbox,
  simulate: () => run(['testing/simulator/src/main.ts', ...args]),
  mutants: () => run(['scripts/run-mutants.mjs', ...args]),
  lint: () => run(['scripts/run-checks.mjs']),
  deploy: () => run(['scripts/run-deploy.mjs', ...args]),
  build: () => runTarget('build', 'Built'),
  pack: () => runTarget('pack', 'dist/npm/{shared-events,infra,cli}{/,.tgz} packed'),
  template: () => runTarget('template', 'dist/template written'),
  docs: () => run(['scripts/run-docs.mjs', ...args]),
  format: () => run([join(root, 'node_modules/@biomejs/biome/bin/biome'), 'check', '--write', '.']),
};

process.exitCode = await main();

/** @returns {Promise<number>} the exit code: 2 for an invalid command line */
async function main() {
  if (name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(listCommands());
    return 0;
  }
  if (!isCommand(name)) {
    logProgress(
      `There is no command "${name}"${didYouMean(name, Object.keys(commands))}?\n\n${listCommands()}`,
    );
    return 2;
  }
  if (asksForHelp(args)) {
    process.stdout.write(commands[name].help);
    return 0;
  }
  try {
    checkCommandLine(name, args, process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    logProgress(error.message);
    return 2;
  }
  installDependencies();
  return actions[name]();
}

function inSandbox() {
  return run(['testing/sandbox/src/main.ts', name, ...args]);
}

function installDependencies() {
  const stamp = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(node24) && existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  logProgress('Installing dependencies (npm ci) …');
  const start = Date.now();
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (install.status !== 0) {
    logProgress('npm ci failed (see its message above). The npm registry must be reachable.');
    process.exit(install.status ?? 1);
  }
  logProgress(`Dependencies installed in ${secondsSince(start)} s`);
}

/**
 * Runs a script with Node 24.
 * @param {readonly string[]} script path and arguments
 */
function run(script) {
  return runAttached(node24, script, { cwd: root, env });
}

/**
 * Runs a target of all projects that have it.
 * @param {string} target
 * @param {string} done what to print when it succeeded
 */
async function runTarget(target, done) {
  const start = Date.now();
  const nx = join(root, 'node_modules/nx/dist/bin/nx.js');
  const code = await run([nx, 'run-many', '-t', target, '--outputStyle=static']);
  console.log(code === 0 ? `${done} in ${secondsSince(start)} s` : 'It failed; see above.');
  return code;
}
