/**
 * The command line of every `npm run` command: help, options, arguments. Plain JavaScript for Node 20 without dependencies, so
 * that help and errors appear immediately in a fresh clone. The commands themselves parse with the same definitions.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean, parseOptions, UsageError } from './parse-options.mjs';

/**
 * @typedef {object} CommandDefinition
 * @property {string} summary one line for the list of commands
 * @property {string} help
 * @property {import('node:util').ParseArgsOptionsConfig} options
 * @property {boolean} [positionals] whether positional arguments are accepted. Default: false
 * @property {readonly string[]} [words] the accepted positional arguments. Default: any
 * @property {(values: Record<string, unknown>) => string | undefined} [check]
 *   returns which option's value is invalid, and what to write instead
 * @property {(words: readonly string[], env: NodeJS.ProcessEnv) => string | undefined} [missing]
 *   returns what the environment lacks, and what to do
 */

const help = /** @type {const} */ ({ type: 'boolean', short: 'h', default: false });

const SANDBOX_VARIABLES = `Variables:
  GITLAB_RUNNER_BIN        gitlab-runner binary for the manager and helper images
                           (default: the official image if it can be pulled, else the runner double)
  GITLAB_RUNNER_BIN_ARM64  the same for ARM64
  SANDBOX_RUNNER_IMAGE     an image to take /usr/bin/gitlab-runner from instead
  SANDBOX_EMULATOR_IMAGE   image of the AWS emulator (default: built from testing/aws-emulator/image)
  SANDBOX_IMAGE_TAG        tag of the images built here; each checkout on a machine needs its own (default: local)
`;

/** Error of `npm run sandbox` without its two variables. */
export const MISSING_GITLAB = `Set SANDBOX_GITLAB_URL to your GitLab (reachable from containers) and SANDBOX_RUNNER_TOKEN to the glrt-… token of a runner there.
If you have no GitLab, "npm run demo" shows everything with a GitLab double.`;

/** Team sizes that `npm run simulate` supports. */
const SIMULATED_TEAMS = ['5', '50', '500'];

/** Options that are passed to `cdk deploy`. */
export const deployOptions = /** @type {const} */ ({
  context: { type: 'string', short: 'c', multiple: true },
  profile: { type: 'string' },
  'role-arn': { type: 'string', short: 'r' },
  tags: { type: 'string', short: 't', multiple: true },
  force: { type: 'boolean', short: 'f' },
  'no-rollback': { type: 'boolean' },
  'hotswap-fallback': { type: 'boolean' },
  progress: { type: 'string' },
  verbose: { type: 'boolean', short: 'v' },
});

/** In the order of the list of commands. */
export const commands = /** @satisfies {Record<string, CommandDefinition>} */ ({
  demo: {
    summary: 'shows the system locally: webhooks in, jobs in their own images, back to zero',
    help: `Usage: npm run demo [-- --ui]

Runs five pipelines through the whole system on this machine, and waits until it is back to zero. Writes reports/demo.json,
and each job's log to reports/demo-logs/. Needs Docker. Ctrl-C leaves nothing behind.

      --ui     serves the page of "sgr ui" while it runs, and prints its URL
  -h, --help   prints this help

${SANDBOX_VARIABLES}`,
    options: { help, ui: { type: 'boolean', default: false } },
  },
  sandbox: {
    summary: 'runs the system locally for your own GitLab',
    help: `Usage: npm run sandbox [-- logs]

Runs the whole system for your own GitLab, until Ctrl-C. Once it is ready, its last two lines are WEBHOOK_URL=… and
WEBHOOK_SECRET=… for the webhook in GitLab. Needs Docker.

  logs         follows the logs of managers and job tasks of a running sandbox
  -h, --help   prints this help

Required variables:
  SANDBOX_GITLAB_URL       base URL of your GitLab, reachable from containers
  SANDBOX_RUNNER_TOKEN     authentication token (glrt-…) of a runner there

${SANDBOX_VARIABLES}`,
    options: { help },
    positionals: true,
    words: ['logs'],
    missing: ([word], env) =>
      word === 'logs' || (env.SANDBOX_GITLAB_URL && env.SANDBOX_RUNNER_TOKEN) ? undefined : MISSING_GITLAB,
  },
  faults: {
    summary: 'runs the system under injected faults',
    help: `Usage: npm run faults [-- --list | -- [--once] [NAME …]]

Runs the whole system on this machine under every fault of the catalogue, or under the named ones. Writes
reports/faults.json and reports/iam.json. Exit code 1 if a job was lost or killed, or something was left behind. Needs
Docker.

      --list   lists the faults and exits
      --once   runs each fault once, instead of as often as the list says
  -h, --help   prints this help

${SANDBOX_VARIABLES}`,
    options: { help, list: { type: 'boolean', default: false }, once: { type: 'boolean', default: false } },
    positionals: true,
  },
  conformance: {
    summary: 'runs real .gitlab-ci.yml files through the whole system',
    help: `Usage: npm run conformance [-- [--list] [NAME …]]

Runs the conformance cases, or those whose keyword or name contains a NAME. Writes reports/conformance.json, job logs to
reports/conformance-logs/, and, after a run of all cases, docs/conformance.md. Needs Docker.

      --list   lists the cases and exits
  -h, --help   prints this help

${SANDBOX_VARIABLES}`,
    options: { help, list: { type: 'boolean', default: false } },
    positionals: true,
  },
  test: {
    summary: 'runs the tests; "npm test -- packages/fleet" runs some',
    help: `Usage: npm test [-- [options] [FILTER …]]

Runs all tests, or those whose path contains a FILTER, such as "packages/fleet" or "plan-launch". Bundles are built and
Docker is used only if a selected test needs them. The last line of output is "N passed, N failed".

  -t, --testNamePattern PATTERN
                     runs only tests whose name matches
      --project unit|docker
                     runs only tests without containers, or only those with containers
      --shard I/N    runs part I of N of the tests
      --bail N       stops after N failures
      --retry N      retries a failing test up to N times
      --coverage     measures coverage; a run takes longer then. Report: reports/coverage/
  -u, --update       updates snapshots
  -h, --help         prints this help
`,
    options: {
      help,
      testNamePattern: { type: 'string', short: 't' },
      project: { type: 'string', multiple: true },
      shard: { type: 'string' },
      bail: { type: 'string' },
      retry: { type: 'string' },
      coverage: { type: 'boolean' },
      update: { type: 'boolean', short: 'u' },
    },
    positionals: true,
  },
  simulate: {
    summary: 'simulates waiting time and cost of pipelines under different policies',
    help: `Usage: npm run simulate [-- [--seed N] [--team 5|50|500 | --trace FILE]]

Simulates pipelines of teams of 5, 50 and 500 people under every policy, prints their waiting time and cost, and compares the
chosen policy with its goals. Writes reports/simulate.json and, without options, docs/simulation.md with its plots. Takes one
core and less than three minutes. A missed goal is a result, so the exit code is 0.

      --seed N     first seed (default: 1)
      --team N     simulates only this team
      --trace FILE
                   simulates a real trace: jobs as GitLab's API lists them (testing/simulator/README.md)
  -h, --help       prints this help
`,
    options: {
      help,
      seed: { type: 'string', default: '1' },
      team: { type: 'string' },
      trace: { type: 'string' },
    },
    check: ({ seed, team, trace }) => {
      const problem = problemOfSeed(seed);
      if (problem !== undefined) return problem;
      if (team !== undefined && trace !== undefined) return '--team and --trace exclude each other.';
      if (team !== undefined && !SIMULATED_TEAMS.includes(String(team)))
        return `There is no team of "${team}": choose one of ${SIMULATED_TEAMS.join(', ')}.`;
      return undefined;
    },
  },
  bench: {
    summary: 'measures waiting time, cost and the code as ratios, and compares them with their targets',
    help: `Usage: npm run bench [-- [--seed N] [GROUP …]]

Measures all groups of figures, or the named ones, and compares each figure with a baseline of the same run. Writes
reports/bench.json. Exit code 1 if a target is missed. Takes about 20 minutes, on a machine that is otherwise idle.

  pipelines    waiting time and cost of pipelines in the local system, whose tasks start as slowly as on Fargate; needs Docker
  manager      boot, CPU and memory of a manager in the local system, what a stage takes, the receiver's calls, and a burst
               of webhooks; needs Docker
  calls        AWS calls of a launch, a burst, and a steady load of 10 to 3,000 jobs, in virtual time
  lambdas      import, memory and size of the Lambdas' bundles

      --seed N  seed of the start times (default: 1)
  -h, --help    prints this help

${SANDBOX_VARIABLES}`,
    options: { help, seed: { type: 'string', default: '1' } },
    positionals: true,
    words: ['pipelines', 'manager', 'calls', 'lambdas'],
    check: ({ seed }) => problemOfSeed(seed),
  },
  mutants: {
    summary: 'mutation tests of the decision modules',
    help: `Usage: npm run mutants [-- [--fresh] [--concurrency N] [FILTER …]]

Makes one small change at a time (a mutant) to the decision modules and runs their unit tests against it. Exit code 1 if fewer
than 95 % of the mutants are detected, if no test covers one, or if one survives without a reason. A reason is a comment before
the line: "// Stryker disable next-line MUTATOR: why". Mutants with a reason count as survived.

  FILTER            tests only modules whose path contains it, such as "idle-reaper" or "plan-size"
      --fresh       tests every mutant again. By default, mutants are skipped if their module and tests have not changed since
                    the last run; changes in a module's imports are not noticed
      --concurrency N
                    number of concurrent test processes (default: half of the processors)
  -h, --help        prints this help

Writes reports/mutants/mutants.json and, for reading, reports/mutants/mutants.html.
`,
    options: { help, fresh: { type: 'boolean', default: false }, concurrency: { type: 'string' } },
    positionals: true,
  },
  lint: {
    summary: 'checks format, lint rules, types, package boundaries, dead code, published packages',
    help: `Usage: npm run lint

Checks format and lint rules (Biome), types (TypeScript), package boundaries (dependency-cruiser) and dead code (Knip) of all
packages, and the published packages (publint, Are the types wrong?) unless nothing in them has changed. Runs every check, prints the output of those that fail, and a summary line. "npm run format" applies automatic
fixes.

  -h, --help   prints this help
`,
    options: { help },
  },
  deploy: {
    summary: 'deploys everything to AWS, or with --affected what changed; prints the next steps',
    help: `Usage: npm run deploy [-- --affected] [-- options]

Builds the packages, deploys the stacks into the account and region of the AWS credentials, the shared stack first, and prints
the next steps: webhook URLs, commands for the secrets. The account must be bootstrapped (packages/infra/README.md).

      --affected   deploys only what has changed: on a branch since it left main, on main since the last deployment (the tag
                   "deployed"; without it, everything)
  -h, --help       prints this help

Options for the deployment of each stack, explained by "node packages/infra/src/deploy.ts --help":
  ${Object.keys(deployOptions)
    .map((name) => `--${name}`)
    .join(' ')}
`,
    options: { help, affected: { type: 'boolean', default: false }, ...deployOptions },
    missing: (_, env) => missingRegion(env),
  },
  build: {
    summary: "builds every package's bundle, under packages/*/dist",
    help: `Usage: npm run build

Builds the bundles of all packages that have one, into their folder dist. Unchanged bundles come from nx's cache.

  -h, --help   prints this help
`,
    options: { help },
  },
  pack: {
    summary: 'builds the published packages, under dist/npm',
    help: `Usage: npm run pack

Builds the packages that are published to a registry: shared-events, infra with the Lambdas' bundles and the images' build
contexts, and cli. Each is a folder under dist/npm, from which npm publishes, and a tarball beside it, which "npm install FILE"
installs. Unchanged packages come from nx's cache. "npx nx release publish" publishes them (CONTRIBUTING.md).

  -h, --help   prints this help
`,
    options: { help },
  },
  template: {
    summary: 'writes the plain CloudFormation template, under dist/template',
    help: `Usage: npm run template

Writes the plain CloudFormation template and the Lambdas' code for it to dist/template, for deployments without CDK
(docs/template.md).

  -h, --help   prints this help

Variables:
  PUBLISHED_IMAGES  images that the template's parameters have as defaults, as scripts/publish-images.mjs prints them
                    (default: none)
`,
    options: { help },
  },
  docs: {
    summary: 'builds the documentation as a site, and checks its links',
    help: `Usage: npm run docs [-- --serve [--port N]]

Writes the reference pages (docs/reference) from the code, builds the site from docs/ in dist/docs, and checks that every link of
it leads to a page, and every anchor to a heading. Exit code 1 if one does not. dist/docs can be served by any web server.

      --serve    serves the site on this machine, until Ctrl-C
      --port N   port of --serve (default: 4173)
  -h, --help     prints this help

Variables:
  DOCS_BASE      path of the site at its host, with slashes at both ends, such as /serverless-gitlab-runner/ (default: /)
`,
    options: { help, serve: { type: 'boolean', default: false }, port: { type: 'string', default: '4173' } },
    check: ({ port }) => {
      const isPort = /^\d{1,5}$/.test(String(port)) && Number(port) > 0 && Number(port) < 65_536;
      return isPort ? undefined : `--port takes a number from 1 to 65535, not "${port}".`;
    },
    missing: (_, { DOCS_BASE: base = '/' }) =>
      /^\/(.*\/)?$/.test(base) ? undefined : `DOCS_BASE must begin and end with a slash, unlike "${base}".`,
  },
  format: {
    summary: 'formats, and applies automatic fixes',
    help: `Usage: npm run format

Formats all files and applies the safe fixes of the lint rules.

  -h, --help   prints this help
`,
    options: { help },
  },
});

/** @typedef {keyof typeof commands} CommandName */

/**
 * Whether a command of that name exists.
 * @param {string} name
 * @returns {name is CommandName}
 */
export function isCommand(name) {
  return Object.hasOwn(commands, name);
}

/** Printed by `npm run help`, and for an unknown command. */
export function listCommands() {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`);
  return `Usage: npm run COMMAND [-- ARGUMENT …]

${lines.join('\n')}

"npm run COMMAND -- --help" explains a command.
`;
}

/**
 * Parses the arguments of a command.
 * @template {CommandName} Name
 * @param {Name} name
 * @param {readonly string[]} args
 * @throws {UsageError}
 */
export function parseCommandLine(name, args) {
  /** @type {(typeof commands)[Name]['options']} */
  const options = commands[name].options;
  /** @type {CommandDefinition} */
  const { positionals = false, words, check } = commands[name];
  const line = parseOptions(args, options, { positionals });
  const refusal = check?.(line.values);
  if (refusal !== undefined) throw new UsageError(refusal);
  const unknown = words && line.positionals.find((word) => !words.includes(word));
  if (unknown !== undefined) {
    throw new UsageError(
      `Unknown argument "${unknown}"${didYouMean(unknown, words ?? [])}? --help lists all.`,
    );
  }
  return line;
}

/**
 * Whether the arguments contain --help, even next to invalid options.
 * @param {readonly string[]} args
 */
export function asksForHelp(args) {
  return parseArgs({ args: [...args], options: { help }, strict: false }).values.help === true;
}

/**
 * Checks a command line before anything is installed or built.
 * @param {CommandName} name
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @throws {UsageError}
 */
export function checkCommandLine(name, args, env) {
  /** @type {CommandDefinition} */
  const definition = commands[name];
  const { positionals } = parseCommandLine(name, args);
  const missing = definition.missing?.(positionals, env);
  if (missing !== undefined) throw new UsageError(missing);
}

/** @param {unknown} seed */
function problemOfSeed(seed) {
  if (/^\d{1,9}$/.test(String(seed))) return undefined;
  return `--seed takes a whole number of at most nine digits, not "${seed}".`;
}

/** @param {NodeJS.ProcessEnv} env */
function missingRegion(env) {
  const config = env.AWS_CONFIG_FILE ?? join(env.HOME ?? homedir(), '.aws', 'config');
  if (env.AWS_REGION || env.AWS_DEFAULT_REGION || env.AWS_PROFILE || existsSync(config)) return undefined;
  return 'No AWS region is chosen: set AWS_REGION, or set AWS_PROFILE to a profile with a region.';
}
