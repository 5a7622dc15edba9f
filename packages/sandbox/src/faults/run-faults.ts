import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { parseCommandLine } from '../../../../scripts/cli/commands.mjs';
import { didYouMean, UsageError } from '../../../../scripts/cli/parse-options.mjs';
import { evaluateCalls, iamFailures } from '../iam/evaluate-calls.ts';
import type { Recording } from '../iam/recording.ts';
import { renderIamReport } from '../iam/render.ts';
import { synthesise } from '../iam/synthesise.ts';
import type { CommandContext } from '../setup/command.ts';
import { type Log, logToStderr as log } from '../setup/progress.ts';
import { REPOSITORY_ROOT } from '../setup/repository-root.ts';
import { prepareMachine } from '../system/prepare-machine.ts';
import { FAULTS } from './catalogue/index.ts';
import type { Fault } from './fault.ts';
import { type Laboratory, startLaboratory } from './laboratory.ts';
import { managerRoleOf } from './prepare-system.ts';
import { isClean, reportOf } from './report.ts';
import { runFault } from './run-fault.ts';
import { type FaultOutcome, renderFaults, renderRun } from './screen.ts';
import { SecretSearch } from './secret-search.ts';

/** `npm run faults`: every fault of the catalogue, or those named, on one deployed system; with `--once` one run each. */
export async function runFaults({ args, cleanup, signal }: CommandContext): Promise<number> {
  const { values, positionals } = parseCommandLine('faults', args);
  if (values.list) return listFaults();
  const named = choose(positionals);
  const chosen = values.once ? named.map((fault) => ({ ...fault, runs: 1 })) : named;
  const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: false });
  const lab = await startLaboratory({ log, cleanup, machine, signal });
  const outcomes = await runAll(lab, chosen, log);
  writeReports(outcomes);
  const recording = await recordingOf(lab);
  write('aws-calls.json', recording);
  const iam = await evaluateCalls(recording, await synthesise());
  write('iam.json', iam);
  console.log(renderFaults(outcomes));
  console.log(renderIamReport(iam));
  const refusals = iamFailures(iam, { isWholeRun: named === FAULTS });
  for (const refusal of refusals) console.log(pc.red(refusal));
  return tellVerdict(outcomes, refusals);
}

/** Every AWS call that went through the proxy, and the role of each caller. */
export async function recordingOf(lab: Laboratory): Promise<Recording> {
  const roles = { ...(await lab.lambdas.roleArns()), manager: await managerRoleOf(lab.system) };
  return { roles, calls: lab.record.all };
}

/** Runs faults one after the other; what one left behind is not there for the next. */
export async function runAll(lab: Laboratory, faults: readonly Fault[], tell: Log): Promise<FaultOutcome[]> {
  const search = new SecretSearch(lab);
  const outcomes: FaultOutcome[] = [];
  try {
    for (const fault of faults) outcomes.push(await repeat(lab, fault, search, tell));
  } finally {
    search.stop();
  }
  return outcomes;
}

async function repeat(lab: Laboratory, fault: Fault, search: SecretSearch, tell: Log): Promise<FaultOutcome> {
  tell(`${pc.cyan('›')} ${pc.bold(fault.name)} ${pc.dim(fault.title)}`);
  const results = [];
  for (let run = 1; run <= fault.runs; run += 1) {
    const result = await runFault(lab, fault, run, search, tell);
    tell(renderRun(run, fault.runs, result));
    for (const line of result.wrong) tell(pc.red(`    ${line}`));
    results.push(result);
  }
  return { title: fault.title, report: reportOf(fault.name, results), results };
}

function listFaults(): number {
  for (const { name, title, runs } of FAULTS) console.log(`${name.padEnd(26)} ${runs}×  ${title}`);
  return 0;
}

/** @throws {UsageError} for a name that no fault has */
function choose(names: readonly string[]): readonly Fault[] {
  const known = FAULTS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no fault "${unknown}"${didYouMean(unknown, known)}? --list names them all.`,
    );
  }
  return names.length === 0 ? FAULTS : FAULTS.filter(({ name }) => names.includes(name));
}

function writeReports(outcomes: readonly FaultOutcome[]): void {
  write(
    'faults.json',
    outcomes.map(({ report }) => report),
  );
  write(
    'faults-runs.json',
    outcomes.map(({ report, title, results }) => ({ fault: report.fault, title, results })),
  );
}

function write(name: string, content: unknown): void {
  const folder = join(REPOSITORY_ROOT, 'reports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
}

function tellVerdict(outcomes: readonly FaultOutcome[], refusals: readonly string[]): number {
  const areRight = outcomes.every(
    ({ report, results }) => isClean(report) && results.every(({ wrong }) => wrong.length === 0),
  );
  const isRight = areRight && refusals.length === 0;
  console.log('');
  console.log(
    isRight
      ? 'Nothing lost, nothing killed, nothing left, no call refused. Reports: reports/faults.json, reports/iam.json'
      : pc.red('Not as it must be: see above. Reports: reports/faults.json, reports/iam.json'),
  );
  return isRight ? 0 : 1;
}
