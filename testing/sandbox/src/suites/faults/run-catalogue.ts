import type { Log } from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import { prepareMachine } from '../../system/prepare-machine.ts';
import type { Fault } from './fault.ts';
import {
  type FaultEnvironment,
  type FaultEnvironmentOptions,
  startFaultEnvironment,
} from './fault-environment.ts';
import { type FaultOutcome, renderRun } from './render.ts';
import { reportOf } from './report.ts';
import { runFault } from './run-fault.ts';
import { SecretSearch } from './secret-search.ts';

/** Systems that faults are jobs on side by side: a fault mostly waits. */
const FAULT_ENVIRONMENTS = 2;

/** Starts as many laboratories as those faults can use. */
export async function startFaultEnvironments(
  faults: readonly Fault[],
  options: Omit<FaultEnvironmentOptions, 'machine'>,
): Promise<FaultEnvironment[]> {
  const environments: FaultEnvironment[] = [];
  for (let number = 0; number < Math.min(FAULT_ENVIRONMENTS, faults.length); number += 1) {
    const machine = await prepareMachine({ ...options, bundles: true, demoImages: false });
    environments.push(await startFaultEnvironment({ ...options, machine }));
  }
  return environments;
}

/** Plays each fault in a laboratory that is free, and at last those that need the machine; what one left is not there for the next. */
export async function runCatalogue(
  environments: readonly FaultEnvironment[],
  faults: readonly Fault[],
  tell: Log,
): Promise<FaultOutcome[]> {
  const outcomes = new Map<Fault, FaultOutcome>();
  const shared = faults.filter(({ alone }) => !alone).values();
  const work = async (environment: FaultEnvironment, left: Iterable<Fault>) => {
    const search = new SecretSearch(environment);
    try {
      for (const fault of left) outcomes.set(fault, await repeat(environment, fault, search, tell));
    } finally {
      search.stop();
    }
  };
  await Promise.all(environments.map((environment) => work(environment, shared)));
  const [first] = environments;
  if (first) await work(first, faults.filter(({ alone }) => alone).values());
  return faults.flatMap((fault) => outcomes.get(fault) ?? []);
}

/** Runs one fault as often as it says, and tells of it when it is over, since another may be told of meanwhile. */
async function repeat(
  environment: FaultEnvironment,
  fault: Fault,
  search: SecretSearch,
  tell: Log,
): Promise<FaultOutcome> {
  tell(`${pc.dim(`› ${fault.name} begins`)}`);
  const results = [];
  for (let run = 1; run <= fault.runs; run += 1)
    results.push(await runFault(environment, fault, run, search, tell));
  tell(`${pc.cyan('›')} ${pc.bold(fault.name)} ${pc.dim(fault.title)}`);
  for (const [index, result] of results.entries()) {
    tell(renderRun(index + 1, fault.runs, result));
    for (const line of result.wrong) tell(pc.red(`    ${line}`));
  }
  return { title: fault.title, report: reportOf(fault.name, results), results };
}
