/**
 * The command line of every `npm run` command: help, options, words. Plain JavaScript for Node 20 without dependencies, so
 * that help and refusals come at once on a fresh clone; the commands themselves parse by the same definitions.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { didYouMean, parseOptions, UsageError } from './parse-options.mjs';

/**
 * @typedef {object} CommandDefinition
 * @property {string} summary for the list of commands: one line
 * @property {string} help
 * @property {import('node:util').ParseArgsOptionsConfig} options
 * @property {boolean} [positionals] whether words are taken. Default: none
 * @property {readonly string[]} [words] the only words that are taken. Default: any
 * @property {(values: Record<string, unknown>) => string | undefined} [check]
 *   says which option's value cannot be used, and what to write
 * @property {(words: readonly string[], env: NodeJS.ProcessEnv) => string | undefined} [missing]
 *   says what the environment lacks, and what to do
 */

const help = /** @type {const} */ ({ type: 'boolean', short: 'h', default: false });

const SANDBOX_VARIABLES = `Variables:
  GITLAB_RUNNER_BIN        a gitlab-runner binary for manager and helper images
                           (default: the official image where it can be pulled, else the runner double)
  GITLAB_RUNNER_BIN_ARM64  the same for ARM64
  SANDBOX_RUNNER_IMAGE     an image to take /usr/bin/gitlab-runner from instead
  SANDBOX_EMULATOR_IMAGE   image of the AWS emulator (default: built from testing/aws-emulator/image)
  SANDBOX_IMAGE_TAG        tag of the images built here; two checkouts on one machine need two (default: local)
`;

/** What `npm run sandbox` says without its two variables. */
export const MISSING_GITLAB = `Set SANDBOX_GITLAB_URL to your GitLab (reachable from containers) and SANDBOX_RUNNER_TOKEN to the glrt-… token of a runner there.
Without a GitLab at hand, "npm run demo" shows everything with a double of it.`;

/** Teams that `npm run simulate` knows, by their people. */
const SIMULATED_TEAMS = ['5', '50', '500'];

/** Options of `cdk deploy` that are of use here. */
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
    summary: 'the main job on this machine: webhooks in, jobs in their own images, back to zero',
    help: `Usage: npm run demo

Five pipelines through the whole system on this machine, and back to zero. Writes reports/demo.json, and each job's log to
reports/demo-logs/. Needs Docker; Ctrl-C leaves nothing behind.

  -h, --help   prints this

${SANDBOX_VARIABLES}`,
    options: { help },
  },
  sandbox: {
    summary: 'the same system left running for your own GitLab',
    help: `Usage: npm run sandbox [-- logs]

The whole system left running for your own GitLab, until Ctrl-C. Its last two lines, once it is ready, are WEBHOOK_URL=… and
WEBHOOK_SECRET=… for the webhook there. Needs Docker.

  logs         follows the logs of managers and job tasks of a running sandbox
  -h, --help   prints this

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
    summary: 'the system under faults: nothing lost, nothing killed, nothing left',
    help: `Usage: npm run faults [-- --list | -- [--once] [NAME …]]

The whole system on this machine under every fault of the catalogue, or those named. Writes reports/faults.json and
reports/iam.json. Ends with 1 when something was lost, killed or left behind. Needs Docker.

      --list   lists the faults and ends
      --once   runs each fault once, instead of as often as the list says
  -h, --help   prints this

${SANDBOX_VARIABLES}`,
    options: { help, list: { type: 'boolean', default: false }, once: { type: 'boolean', default: false } },
    positionals: true,
  },
  conformance: {
    summary: 'jobs as people write them, from real .gitlab-ci.yml files',
    help: `Usage: npm run conformance [-- [--list] [NAME …]]

Runs the conformance cases, or those with a NAME in their keyword or name. Writes reports/conformance.json, job logs to
reports/conformance-logs/, and after a run of all cases docs/conformance.md. Needs Docker.

      --list   lists the cases and ends
  -h, --help   prints this

${SANDBOX_VARIABLES}`,
    options: { help, list: { type: 'boolean', default: false } },
    positionals: true,
  },
  test: {
    summary: 'all tests; "npm test -- packages/fleet" runs some',
    help: `Usage: npm test [-- [options] [FILTER …]]

All tests, or those whose path contains a FILTER, such as "packages/fleet" or "plan-launch". Bundles are built and Docker is
used only if a chosen test needs them. Ends with a line "N passed, N failed".

  -t, --testNamePattern PATTERN
                     only tests whose name matches
      --project unit|docker
                     only tests without, or only those with containers
      --shard I/N    the I-th of N parts of the tests
      --bail N       ends after N failures
      --retry N      runs a failing test N more times
      --coverage     measures coverage, as a run of all tests does
  -u, --update       writes snapshots anew
  -h, --help         prints this
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
    summary: 'waiting and cost of pipelines under different policies, simulated',
    help: `Usage: npm run simulate [-- [--seed N] [--team 5|50|500 | --trace FILE]]

Simulates pipelines of teams of 5, 50 and 500 people under every policy, prints what they wait and cost, and compares the chosen
policy with its goals. Writes reports/simulate.json, and without options docs/simulation.md with its plots. One core, less than
three minutes. A goal that is not met is a result: the exit code is 0.

      --seed N     the first seed (default: 1)
      --team N     only that team
      --trace FILE
                   a real trace instead: jobs as GitLab's API lists them (testing/simulator/README.md)
  -h, --help       prints this
`,
    options: {
      help,
      seed: { type: 'string', default: '1' },
      team: { type: 'string' },
      trace: { type: 'string' },
    },
    check: ({ seed, team, trace }) => {
      if (!/^\d{1,9}$/.test(String(seed)))
        return `--seed takes a whole number of at most nine digits, not "${seed}".`;
      if (team !== undefined && trace !== undefined) return '--team and --trace exclude each other.';
      if (team !== undefined && !SIMULATED_TEAMS.includes(String(team)))
        return `There is no team of "${team}": choose one of ${SIMULATED_TEAMS.join(', ')}.`;
      return undefined;
    },
  },
  mutants: {
    summary: 'mutation tests of the modules that decide',
    help: `Usage: npm run mutants [-- [--fresh] [--concurrency N] [FILTER …]]

Changes the modules that decide in one place after the other and runs their unit tests against each change. Ends with 1 when
fewer than 95 % of the changes are detected, when no test runs one, or when one survives without a reason. A reason is a
comment before the line: "// Stryker disable next-line MUTATOR: why". What it covers counts as survived.

  FILTER            only modules whose path contains it, such as "idle-reaper" or "plan-size"
      --fresh       tests every mutant anew. Otherwise those are skipped whose module and tests have not changed since the
                    last run; changes of what a module imports are not seen
      --concurrency N
                    test processes at a time (default: half of the processors)
  -h, --help        prints this

Writes reports/mutants/mutants.json and, to look at, reports/mutants/mutants.html.
`,
    options: { help, fresh: { type: 'boolean', default: false }, concurrency: { type: 'string' } },
    positionals: true,
  },
  lint: {
    summary: 'format and lint rules, types, package boundaries, dead code',
    help: `Usage: npm run lint

Format and lint rules (Biome), types (TypeScript), package boundaries (dependency-cruiser) and dead code (Knip), of all
packages. Runs every check, prints the output of those that fail, and ends with one line. "npm run format" repairs what can
be repaired.

  -h, --help   prints this
`,
    options: { help },
  },
  deploy: {
    summary: 'everything to AWS, or with --affected what changed; ends with what to do next',
    help: `Usage: npm run deploy [-- --affected] [-- options]

Builds the packages and deploys the stacks into the account and region of the AWS credentials, the shared one first, and
prints what is left to do: webhook URLs, commands for the secrets. The account must be bootstrapped: packages/infra/README.md.

      --affected   only what has changed: on a branch since it left main, on main since the last deployment (the tag
                   "deployed"; without it, everything)
  -h, --help       prints this

Options for the deployment of each stack, explained by "node packages/infra/src/deploy.ts --help":
  ${Object.keys(deployOptions)
    .map((name) => `--${name}`)
    .join(' ')}
`,
    options: { help, affected: { type: 'boolean', default: false }, ...deployOptions },
    missing: (_, env) => missingRegion(env),
  },
  build: {
    summary: "every package's bundle, under packages/*/dist",
    help: `Usage: npm run build

Builds every package that has something to build, into its folder dist. What has not changed comes from nx's cache.

  -h, --help   prints this
`,
    options: { help },
  },
  format: {
    summary: 'formats, and repairs what can be repaired',
    help: `Usage: npm run format

Formats all files and applies the safe fixes of the lint rules.

  -h, --help   prints this
`,
    options: { help },
  },
});

/** @typedef {keyof typeof commands} CommandName */

/**
 * Whether there is a command of that name.
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

"npm run COMMAND -- --help" explains one.
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
 * Whether the arguments ask for help, also among options that are wrong.
 * @param {readonly string[]} args
 */
export function asksForHelp(args) {
  return parseArgs({ args: [...args], options: { help }, strict: false }).values.help === true;
}

/**
 * Checks a command line before anything is installed or built for it.
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

/** @param {NodeJS.ProcessEnv} env */
function missingRegion(env) {
  const config = env.AWS_CONFIG_FILE ?? join(env.HOME ?? homedir(), '.aws', 'config');
  if (env.AWS_REGION || env.AWS_DEFAULT_REGION || env.AWS_PROFILE || existsSync(config)) return undefined;
  return 'No AWS region is chosen: set AWS_REGION, or AWS_PROFILE to a profile that has one.';
}
