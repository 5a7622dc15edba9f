import { logToStderr as log, writeReport } from '@serverless-gitlab-runner/machine';
import {
  evaluateRecordings,
  iamFailures,
  type Recording,
  renderIamReport,
  synthesise,
} from '@serverless-gitlab-runner/policy-check';
import pc from 'picocolors';
import { parseCommandLine } from '../../../../../scripts/cli/commands.mjs';
import { didYouMean, UsageError } from '../../../../../scripts/cli/parse-options.mjs';
import type { CommandContext } from '../../command.ts';
import { FAULTS } from './catalogue/index.ts';
import type { Fault } from './fault.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import { managerRoleOf } from './prepare-system.ts';
import { type FaultOutcome, renderFaults } from './render.ts';
import { isClean } from './report.ts';
import { runCatalogue, startFaultEnvironments } from './run-catalogue.ts';

/** `npm run faults`: runs every fault of the catalogue, or the named ones, on deployed systems. With `--once`, once each. */
export async function runFaults({ args, cleanup, signal }: CommandContext): Promise<number> {
  const { values, positionals } = parseCommandLine('faults', args);
  if (values.list) return listFaults();
  const named = choose(positionals);
  const chosen = values.once ? named.map((fault) => ({ ...fault, runs: 1 })) : named;
  const environments = await startFaultEnvironments(chosen, { log, cleanup, signal });
  const outcomes = await runCatalogue(environments, chosen, log);
  writeReports(outcomes);
  const recordings = await Promise.all(environments.map(recordingOf));
  writeReport('aws-calls.json', recordings);
  const iam = await evaluateRecordings(recordings, await synthesise());
  writeReport('iam.json', iam);
  console.log(renderFaults(outcomes));
  console.log(renderIamReport(iam));
  const refusals = iamFailures(iam, { isWholeRun: named === FAULTS });
  for (const refusal of refusals) console.log(pc.red(refusal));
  return reportResult(outcomes, refusals);
}

/** Returns every AWS call that went through the proxy, and the role of each caller. */
export async function recordingOf(environment: FaultEnvironment): Promise<Recording> {
  const roles = {
    ...(await environment.lambdas.roleArns()),
    manager: await managerRoleOf(environment.system),
  };
  return { roles, calls: environment.record.all };
}

function listFaults(): number {
  for (const { name, title, runs } of FAULTS) console.log(`${name.padEnd(26)} ${runs}×  ${title}`);
  return 0;
}

/** @throws {UsageError} for an unknown fault */
function choose(names: readonly string[]): readonly Fault[] {
  const known = FAULTS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no fault "${unknown}"${didYouMean(unknown, known)}? --list shows them all.`,
    );
  }
  return names.length === 0 ? FAULTS : FAULTS.filter(({ name }) => names.includes(name));
}

function writeReports(outcomes: readonly FaultOutcome[]): void {
  writeReport(
    'faults.json',
    outcomes.map(({ report }) => report),
  );
  writeReport(
    'faults-runs.json',
    outcomes.map(({ report, title, results }) => ({ fault: report.fault, title, results })),
  );
}

function reportResult(outcomes: readonly FaultOutcome[], refusals: readonly string[]): number {
  const areClean = outcomes.every(
    ({ report, results }) => isClean(report) && results.every(({ problems }) => problems.length === 0),
  );
  const passed = areClean && refusals.length === 0;
  console.log('');
  console.log(
    passed
      ? 'All checks passed: no job lost or killed, nothing leaked, every AWS call allowed. Reports: reports/faults.json, reports/iam.json'
      : pc.red('Some checks failed, see above. Reports: reports/faults.json, reports/iam.json'),
  );
  return passed ? 0 : 1;
}
