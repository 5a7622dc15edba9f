/**
 * Mutation testing of the modules that decide: each is changed in one place after the other (a mutant), and its tests must
 * fail. A mutant that survives shows what no test says.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { commands, parseCommandLine } from './cli/commands.mjs';
import { decisionModules } from './decision-modules.mjs';

const WANTED_SCORE = 95;
const REPORTS = 'reports/mutants';
/** Results of the last run, of all modules. */
const INCREMENTAL = `${REPORTS}/incremental.json`;
/** Copies of the project with all mutants in them, by process id. */
const COPIES = 'reports/mutants-work';
const WORK = `${COPIES}/${process.pid}`;

/** What Stryker says of a comment that gives no reason. */
const REASON_WITHOUT_ONE = 'Ignored using a comment';

const { values, positionals } = parseCommandLine('mutants', process.argv.slice(2));
if (values.help) {
  console.log(commands.mutants.help);
  process.exit(0);
}

const modules = Object.entries(decisionModules)
  .flatMap(([name, paths]) => paths.map((path) => `packages/${name}/src/${path}.ts`))
  .filter((path) => positionals.length === 0 || positionals.some((filter) => path.includes(filter)));
if (modules.length === 0) {
  console.error(
    `No module's path contains ${positionals.join(' or ')}: scripts/decision-modules.mjs has them.`,
  );
  process.exit(2);
}

const start = Date.now();
if (!values.fresh) await forgetSurvivors();
// Stryker leaves its copy behind where it is interrupted, and everybody does where he is killed.
removeCopiesOfEndedRuns();
process.on('exit', () => rmSync(WORK, { recursive: true, force: true }));
// Each mutant's tests run in a new worker, which spends most of its time on loading what it imports.
process.env.NODE_COMPILE_CACHE ??= resolve(REPORTS, 'compile-cache');
const stryker = new Stryker({
  mutate: modules,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutants.config.mjs' },
  coverageAnalysis: 'perTest',
  // A mutant that loops without an end is detected by it, and a machine with much to do must not look like one.
  timeoutMS: 30_000,
  // Types are erased, not checked, where tests run.
  disableTypeChecks: false,
  concurrency: Number(values.concurrency ?? Math.max(1, Math.floor(availableParallelism() / 2))),
  incremental: true,
  incrementalFile: INCREMENTAL,
  force: values.fresh,
  reporters: ['json', 'html', process.stdout.isTTY ? 'progress' : 'progress-append-only'],
  jsonReporter: { fileName: `${REPORTS}/mutants.json` },
  htmlReporter: { fileName: `${REPORTS}/mutants.html` },
  tempDirName: WORK,
  cleanTempDir: 'always',
  ignorePatterns: ['reports', 'dist', 'cdk.out', '.nx'],
  allowEmpty: false,
});
// Of incremental mode come the results of all modules, those of earlier runs included.
const results = await stryker.runMutationTest();
const mutants = results.filter(({ fileName }) =>
  modules.includes(relative(process.cwd(), resolve(fileName))),
);
process.exitCode = report(mutants);

/** @typedef {Awaited<ReturnType<Stryker['runMutationTest']>>[number]} Mutant */

function removeCopiesOfEndedRuns() {
  if (!existsSync(COPIES)) return;
  for (const pid of readdirSync(COPIES)) {
    if (!isRunning(Number(pid))) rmSync(join(COPIES, pid), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Takes what survived out of the last run's results, so that it is tested again: of a mutant in a constant Stryker does not
 * know which tests run it, and would not see that there are new ones.
 */
async function forgetSurvivors() {
  if (!existsSync(INCREMENTAL)) return;
  const last = JSON.parse(await readFile(INCREMENTAL, 'utf8'));
  for (const file of Object.values(last.files)) {
    file.mutants = file.mutants.filter(
      (/** @type {{ status: string }} */ { status }) => status === 'Killed' || status === 'Timeout',
    );
  }
  await writeFile(INCREMENTAL, JSON.stringify(last));
}

/**
 * Prints scores and what survived; returns the exit code.
 * @param {readonly Mutant[]} all
 */
function report(all) {
  const width = Math.max(...modules.map((path) => path.length));
  console.log(
    `\n${'module'.padEnd(width)}  score  mutants  detected  timed out  survived  no test  with reason`,
  );
  for (const path of modules) {
    console.log(
      row(
        path,
        all.filter(({ fileName }) => resolve(fileName) === resolve(path)),
        width,
      ),
    );
  }
  console.log(row('all', all, width));
  const open = all.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const unexplained = all.filter(
    ({ status, statusReason }) => status === 'Ignored' && !hasReason(statusReason),
  );
  for (const mutant of [...open, ...unexplained]) console.log(inWords(mutant));
  const score = scoreOf(all);
  console.log(`\n${Math.round((Date.now() - start) / 1000)} s; ${REPORTS}/mutants.html shows every mutant`);
  if (score >= WANTED_SCORE && open.length === 0 && unexplained.length === 0) return 0;
  console.error(
    `Score ${score.toFixed(1)} % (wanted: ${WANTED_SCORE} %); ${open.length} mutants that no test detects and ` +
      `${unexplained.length} that are left out without a reason.`,
  );
  return 1;
}

/**
 * @param {string} name
 * @param {readonly Mutant[]} mutants
 * @param {number} width
 */
function row(name, mutants, width) {
  /** @param {string[]} statuses */
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  /** @type {[string | number, number][]} */
  const cells = [
    [`${scoreOf(mutants).toFixed(1)}`, 5],
    [mutants.length, 7],
    [count('Killed', 'Timeout'), 8],
    [count('Timeout'), 9],
    [count('Survived'), 8],
    [count('NoCoverage'), 7],
    [count('Ignored'), 11],
  ];
  return `${name.padEnd(width)}  ${cells.map(([cell, size]) => String(cell).padStart(size)).join('  ')}`;
}

/**
 * Percent detected. Mutants that are left out with a reason count as survived, so that reasons do not make a score.
 * @param {readonly Mutant[]} mutants
 */
function scoreOf(mutants) {
  const detected = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  // A mutant that cannot be run at all (a runtime error outside of a test) says nothing about tests.
  const valid = mutants.filter(({ status }) => status !== 'RuntimeError' && status !== 'CompileError').length;
  return valid === 0 ? 100 : (100 * detected) / valid;
}

/** @param {string | undefined} statusReason */
function hasReason(statusReason) {
  return Boolean(statusReason) && statusReason !== REASON_WITHOUT_ONE;
}

/** @param {Mutant} mutant */
function inWords({ status, fileName, location, mutatorName, replacement }) {
  return `${status} ${relative(process.cwd(), resolve(fileName))}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`;
}
