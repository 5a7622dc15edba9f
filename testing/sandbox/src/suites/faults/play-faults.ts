import type { Log } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import { prepareMachine } from '../../system/prepare-machine.ts';
import type { Fault } from './fault.ts';
import { type Laboratory, type LaboratoryOptions, startLaboratory } from './laboratory.ts';
import { reportOf } from './report.ts';
import { runFault } from './run-fault.ts';
import { type FaultOutcome, renderRun } from './screen.ts';
import { SecretSearch } from './secret-search.ts';

/** Systems that faults are played on side by side: a fault mostly waits. */
const LABORATORIES = 2;

/** Starts as many laboratories as those faults can use. */
export async function startLaboratories(
  faults: readonly Fault[],
  options: Omit<LaboratoryOptions, 'machine'>,
): Promise<Laboratory[]> {
  const labs: Laboratory[] = [];
  for (let number = 0; number < Math.min(LABORATORIES, faults.length); number += 1) {
    const machine = await prepareMachine({ ...options, bundles: true, demoImages: false });
    labs.push(await startLaboratory({ ...options, machine }));
  }
  return labs;
}

/** Plays each fault in a laboratory that is free, and at last those that need the machine; what one left is not there for the next. */
export async function playFaults(
  labs: readonly Laboratory[],
  faults: readonly Fault[],
  tell: Log,
): Promise<FaultOutcome[]> {
  const outcomes = new Map<Fault, FaultOutcome>();
  const shared = faults.filter(({ alone }) => !alone).values();
  const work = async (lab: Laboratory, left: Iterable<Fault>) => {
    const search = new SecretSearch(lab);
    try {
      for (const fault of left) outcomes.set(fault, await repeat(lab, fault, search, tell));
    } finally {
      search.stop();
    }
  };
  await Promise.all(labs.map((lab) => work(lab, shared)));
  const [first] = labs;
  if (first) await work(first, faults.filter(({ alone }) => alone).values());
  return faults.flatMap((fault) => outcomes.get(fault) ?? []);
}

/** Runs one fault as often as it says, and tells of it when it is over, since another may be told of meanwhile. */
async function repeat(lab: Laboratory, fault: Fault, search: SecretSearch, tell: Log): Promise<FaultOutcome> {
  tell(`${pc.dim(`› ${fault.name} begins`)}`);
  const results = [];
  for (let run = 1; run <= fault.runs; run += 1) results.push(await runFault(lab, fault, run, search, tell));
  tell(`${pc.cyan('›')} ${pc.bold(fault.name)} ${pc.dim(fault.title)}`);
  for (const [index, result] of results.entries()) {
    tell(renderRun(index + 1, fault.runs, result));
    for (const line of result.wrong) tell(pc.red(`    ${line}`));
  }
  return { title: fault.title, report: reportOf(fault.name, results), results };
}
