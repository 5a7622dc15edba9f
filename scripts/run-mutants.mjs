/**
 * Mutation testing of the decision modules: makes one small change at a time (a mutant), and expects the module's tests to
 * fail. A mutant that survives shows behaviour that no test checks.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { commands, parseCommandLine } from './cli/commands.mjs';
import { decisionModules } from './decision-modules.mjs';

const MIN_SCORE = 95;
const REPORTS = 'reports/mutants';
/** Results of the last run, for all modules. */
const INCREMENTAL = `${REPORTS}/incremental.json`;
/** Copies of the project that contain all mutants, by process id. */
const COPIES = 'reports/mutants-work';
const WORK = `${COPIES}/${process.pid}`;

/** Stryker's status reason for a comment without a reason. */
const NO_REASON = 'Ignored using a comment';

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
    `No module's path contains ${positionals.join(' or ')}. scripts/decision-modules.mjs lists the modules.`,
  );
  process.exit(2);
}

const start = Date.now();
if (!values.fresh) await forgetSurvivors();
// A copy is left behind if Stryker is interrupted, or if this process is killed.
removeCopiesOfEndedRuns();
process.on('exit', () => rmSync(WORK, { recursive: true, force: true }));
// Each mutant's tests run in a new worker, which spends most of its time loading imports.
process.env.NODE_COMPILE_CACHE ??= resolve(REPORTS, 'compile-cache');
const stryker = new Stryker({
  mutate: modules,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutants.config.mjs' },
  coverageAnalysis: 'perTest',
  // Detects mutants that loop forever. A busy machine must not be mistaken for one.
  timeoutMS: 30_000,
  // Tests run with types erased, not checked.
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
// Incremental mode returns the results of all modules, including those of earlier runs.
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
 * Removes survivors from the last run's results, so that they are tested again: Stryker does not know which tests cover a
 * mutant in a constant, so it would not notice new ones.
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
 * Prints scores and survivors; returns the exit code.
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
  for (const mutant of [...open, ...unexplained]) console.log(renderMutant(mutant));
  const score = scoreOf(all);
  console.log(`\n${Math.round((Date.now() - start) / 1000)} s; ${REPORTS}/mutants.html shows every mutant`);
  if (score >= MIN_SCORE && open.length === 0 && unexplained.length === 0) return 0;
  console.error(
    `Score ${score.toFixed(1)} % (minimum: ${MIN_SCORE} %); ${open.length} undetected mutants and ` +
      `${unexplained.length} ignored without a reason.`,
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
 * Percent detected. Mutants ignored with a reason count as survived, so that reasons do not improve the score.
 * @param {readonly Mutant[]} mutants
 */
function scoreOf(mutants) {
  const detected = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length;
  // A mutant that cannot run at all (a runtime error outside a test) says nothing about the tests.
  const valid = mutants.filter(({ status }) => status !== 'RuntimeError' && status !== 'CompileError').length;
  return valid === 0 ? 100 : (100 * detected) / valid;
}

/** @param {string | undefined} statusReason */
function hasReason(statusReason) {
  return Boolean(statusReason) && statusReason !== NO_REASON;
}

/** @param {Mutant} mutant */
function renderMutant({ status, fileName, location, mutatorName, replacement }) {
  return `${status} ${relative(process.cwd(), resolve(fileName))}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}`;
}
