import { type Log, logToStderr as log, step } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import { parseCommandLine } from '../../../../../scripts/cli/commands.mjs';
import { didYouMean, UsageError } from '../../../../../scripts/cli/parse-options.mjs';
import type { CommandContext } from '../../command.ts';
import { canRunArm, prepareArm } from '../../system/prepare-arm.ts';
import { prepareMachine } from '../../system/prepare-machine.ts';
import { SUITES } from './cases/index.ts';
import type { ConformanceCase, Suite } from './conformance-case.ts';
import { type ConformanceEnvironment, startConformanceEnvironment } from './conformance-environment.ts';
import { writeDocument } from './document.ts';
import { buildArmConformanceImages, buildConformanceImages } from './images.ts';
import { renderCases, renderTotals } from './render.ts';
import { writeReports } from './report.ts';
import { runSuite, type SuiteOutcome } from './run-suite.ts';
import { readRunnerRelease } from './runner-release.ts';
import { type RunnerSupport, skipReason } from './skip-reason.ts';

/** Chosen cases of a suite. */
export interface Choice {
  suite: Suite;
  cases: readonly ConformanceCase[];
}

/** `npm run conformance`: runs all cases through the whole system, or those whose keyword or name contains a NAME. */
export async function runConformance({ args, cleanup, signal }: CommandContext): Promise<number> {
  const { values, positionals: names } = parseCommandLine('conformance', args);
  const chosen = (each: ConformanceCase) => names.length === 0 || names.some((name) => matches(each, name));
  const choices = choose(chosen);
  const unknown = names.find((name) => choose((each) => matches(each, name)).length === 0);
  if (unknown !== undefined) throw new UsageError(unknownCase(unknown));
  if (values.list) return list(choices);
  const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: true });
  const release = await readRunnerRelease(machine.images.helper);
  const support = { release, hasArmRunner: canRunArm(machine) };
  const able = choose((each, suite) => chosen(each) && skipReason(each, suite, support) === undefined);
  const costly = able.flatMap(({ suite }) => suite.costlyImages ?? []);
  await step(log, 'Images of the conformance cases', (inner) => buildConformanceImages(inner, costly));
  const hasArm = able.some(({ suite }) => suite.architecture === 'ARM64');
  const ready = hasArm ? await prepareArm(machine, log, cleanup) : machine;
  if (hasArm) await step(log, 'Images of the cases on ARM64', buildArmConformanceImages);
  const suiteFleets = able.flatMap(({ suite }) => suite.fleet ?? []);
  const environment = await startConformanceEnvironment({
    log,
    cleanup,
    signal,
    machine: ready,
    suiteFleets,
  });
  const outcomes = await step(log, 'Pipelines', (inner) => runChoices(environment, able, inner));
  const results = outcomes.flatMap((outcome) => outcome.results);
  writeReports(results, outcomes);
  const skipped = skippedCases(choices, support);
  // The page must have all cases, which runs with an older runner or without one for ARM64 do not.
  if (names.length === 0 && skipped.length === 0) writeDocument(results, runnerOf(environment));
  console.log(renderCases(results));
  for (const sentence of skipped) console.log(pc.yellow(`Skipped: ${sentence}`));
  const refusals = environment.gitlab.protocolErrors.map(
    (error) => `GitLab refused ${error.method} ${error.path}: ${error.message}`,
  );
  for (const refusal of refusals) console.log(pc.red(refusal));
  console.log(
    `${renderTotals(results)}. Report: reports/conformance.json; job logs: reports/conformance-logs/`,
  );
  return refusals.length === 0 && results.every(({ status }) => status === 'pass') ? 0 : 1;
}

/** Returns the cases that meet a condition, grouped by suite. */
export function choose(isChosen: (each: ConformanceCase, suite: Suite) => boolean): Choice[] {
  const choices = SUITES.map((suite) => ({
    suite,
    cases: suite.cases.filter((each) => isChosen(each, suite)),
  }));
  return choices.filter(({ cases }) => cases.length > 0);
}

/** Describes the cases that cannot run, each with the reason. */
function skippedCases(choices: readonly Choice[], support: RunnerSupport): string[] {
  return choices.flatMap(({ suite, cases }) =>
    cases.flatMap((each) => {
      const reason = skipReason(each, suite, support);
      return reason === undefined ? [] : [`${each.keyword}: ${each.name} (${reason})`];
    }),
  );
}

/** Runs all pipelines concurrently, after those that run alone. The manager's `concurrentJobs` limits the running jobs. */
export async function runChoices(
  environment: ConformanceEnvironment,
  choices: readonly Choice[],
  log: Log,
): Promise<SuiteOutcome[]> {
  const run = async ({ suite, cases }: Choice) => {
    const outcome = await runSuite(environment, suite, cases);
    for (const { keyword, case: name, status, seconds, why } of outcome.results) {
      const mark = status === 'pass' ? pc.green('✓') : pc.red('✗');
      log(`${mark} ${keyword}: ${name} (${seconds} s)${status === 'pass' ? '' : ` ${pc.red(why)}`}`);
    }
    return outcome;
  };
  const alone: SuiteOutcome[] = [];
  for (const choice of choices) if (choice.suite.alone) alone.push(await run(choice));
  return [...alone, ...(await Promise.all(choices.filter(({ suite }) => !suite.alone).map(run)))];
}

function unknownCase(name: string): string {
  const keywords = SUITES.flatMap(({ cases }) => cases.map(({ keyword }) => keyword));
  return `No case has "${name}" in its keyword or name${didYouMean(name, [...new Set(keywords)])}? --list shows them all.`;
}

function matches({ keyword, name }: ConformanceCase, text: string): boolean {
  return `${keyword}: ${name}`.toLowerCase().includes(text.toLowerCase());
}

function list(choices: readonly Choice[]): number {
  for (const { suite, cases } of choices) {
    for (const { keyword, name } of cases) console.log(`${keyword.padEnd(18)} ${name} (${suite.repository})`);
  }
  return 0;
}

/** The runner's name and version, as it reported them to GitLab. */
function runnerOf({ gitlab }: ConformanceEnvironment): string {
  const managers = [...gitlab.runners.values()].flatMap((runner) => [...runner.managers.values()]);
  const info = managers.find((manager) => manager.info?.version)?.info;
  const release = `gitlab-runner ${info?.version ?? 'of an unknown version'}`;
  return info?.revision === 'double' ? `the runner double, a substitute for ${release}` : release;
}
