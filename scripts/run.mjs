#!/usr/bin/env node
/**
 * Entry of every `npm run` command. It needs nothing but Node 20: it installs the dependencies when they are missing or
 * older than the lockfile, builds what the command needs, and hands over to the project's own Node 24.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules/node/bin/node');
const env = {
  ...process.env,
  PATH: `${dirname(node24)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
};
const [command = 'help', ...args] = process.argv.slice(2);

const commands = {
  demo: () => withBuild([['testing/sandbox/src/main.ts', 'demo', ...args]]),
  sandbox: () => withBuild([['testing/sandbox/src/main.ts', 'sandbox', ...args]]),
  conformance: () => withBuild([['testing/sandbox/src/main.ts', 'conformance', ...args]]),
  faults: () => withBuild([['testing/sandbox/src/main.ts', 'faults', ...args]]),
  test: () => withBuild([['testing/sandbox/src/main.ts', 'test', ...args]]),
  mutants: () => inSequence([['scripts/run-mutants.mjs', ...args]]),
  build: () => withBuild([]),
  deploy,
  lint: () =>
    inSequence([
      [bin('@biomejs/biome/bin/biome'), 'check', '.'],
      [bin('typescript/bin/tsc'), '-p', 'tsconfig.json', '--noEmit'],
      [
        bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
        '--config',
        'dependency-cruiser.config.mjs',
        'packages',
        'testing',
        'examples',
      ],
      [bin('knip/bin/knip.js')],
    ]),
  format: () => inSequence([[bin('@biomejs/biome/bin/biome'), 'check', '--write', '.']]),
};

const help = `Usage: npm run COMMAND

  demo      the main job on this machine: webhooks in, jobs in their own images, back to zero
  sandbox   the same system left running for your own GitLab; "npm run sandbox -- --help" tells more
  faults    the system under faults: nothing lost, nothing killed, nothing left; "npm run faults -- --list" names them
  conformance
            jobs as people write them, from real .gitlab-ci.yml files; "npm run conformance -- --list" names the cases
  test      all tests; "npm test -- packages/fleet" runs some
  mutants   mutation tests of the modules that decide; "npm run mutants -- --help" tells more
  lint      format and lint rules, types, package boundaries, dead code
  deploy    everything to AWS, or with --affected what changed; ends with what to do next
  build     every package's bundle, under packages/*/dist
  format    formats and mends what can be mended
`;

function bin(path) {
  return join(root, 'node_modules', path);
}

function installDependencies() {
  const stamp = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(node24) && existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  console.error('Installing dependencies (npm ci) …');
  const start = Date.now();
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (install.status !== 0) {
    console.error('npm ci failed: look at its message above; the npm registry must be reachable.');
    process.exit(install.status ?? 1);
  }
  console.error(`Dependencies installed in ${Math.round((Date.now() - start) / 1000)} s`);
}

/** Runs a script with Node 24. Signals go to the child, which cleans up and decides the exit code. */
function run(script) {
  const child = spawn(node24, script, { cwd: root, stdio: 'inherit', env });
  // Passed on even where a terminal sent it to the whole group: the child cleans up once, however often it is told.
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward);
  // npm may be killed without a word to us; who is left without a parent was meant to end as well.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

async function inSequence(scripts) {
  for (const script of scripts) {
    const code = await run(script);
    if (code !== 0) return code;
  }
  return 0;
}

/** Builds quietly (nx's report is shown when it failed), then runs the scripts. */
async function withBuild(scripts) {
  const start = Date.now();
  console.error('Building the packages …');
  const build = [bin('nx/dist/bin/nx.js'), 'run-many', '-t', 'build', '--outputStyle=static'];
  const code = command === 'build' ? await run(build) : runQuietly(build);
  if (code !== 0) return code;
  console.error(`Packages built in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return inSequence(scripts);
}

const deployHelp = `Usage: npm run deploy [-- --affected] [-- options]

Builds the packages and deploys the stacks into the account and region of the AWS credentials, the shared one first, and prints
what is left to do: webhook URLs, commands for the secrets. The account must be bootstrapped: packages/infra/README.md.

  --affected   only what was changed since the branch left main, as nx sees it ("npx nx affected -t deploy" does the same)
  -h, --help   this
  All other options go to the deployment of each stack: node packages/infra/src/deploy.ts --help
`;

async function deploy() {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(deployHelp);
    return 0;
  }
  const options = args.filter((arg) => arg !== '--affected' && arg !== '--');
  const which = options.length < args.length && args.includes('--affected') ? 'affected' : 'run-many';
  // Four at a time; nx has the services wait for what they stand on.
  const nx = [bin('nx/dist/bin/nx.js'), which, '-t', 'deploy', '--parallel=4', '--outputStyle=stream'];
  // nx says otherwise to what it runs, terminal or not.
  if (!process.stdout.isTTY) env.FORCE_COLOR = '0';
  // Not as arguments: nx hands them on without their quotes, and settings are JSON.
  env.DEPLOY_OPTIONS = JSON.stringify(options);
  return (await run(nx)) || run(['packages/infra/src/next-steps.ts']);
}

function runQuietly(script) {
  const result = spawnSync(node24, script, { cwd: root, env, encoding: 'utf8' });
  if (result.status !== 0) console.error(`${result.stdout}\n${result.stderr}`);
  return result.status ?? 1;
}

if (!Object.hasOwn(commands, command)) {
  console.log(help);
  process.exit(command === 'help' || command === '--help' ? 0 : 2);
}
installDependencies();
process.exitCode = await commands[command]();
