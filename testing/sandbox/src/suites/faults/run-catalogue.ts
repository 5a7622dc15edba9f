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

/** Maximum number of environments that run faults concurrently: a fault mostly waits. */
const MAX_ENVIRONMENTS = 2;

/** Starts as many environments as the faults can use, the last of them in a new account if a fault needs one. */
export async function startFaultEnvironments(
  faults: readonly Fault[],
  options: Omit<FaultEnvironmentOptions, 'machine'>,
): Promise<FaultEnvironment[]> {
  const environments: FaultEnvironment[] = [];
  const count = Math.min(MAX_ENVIRONMENTS, faults.length);
  for (let number = 1; number <= count; number += 1) {
    const isNewAccount = number === count && faults.some(needsNewAccount);
    const machine = await prepareMachine({ ...options, bundles: true, demoImages: false });
    environments.push(await startFaultEnvironment({ ...options, machine, isNewAccount }));
  }
  return environments;
}

/** Runs each fault in the next free environment, and those that need the whole machine last. */
export async function runCatalogue(
  environments: readonly FaultEnvironment[],
  faults: readonly Fault[],
  log: Log,
): Promise<FaultOutcome[]> {
  const outcomes = new Map<Fault, FaultOutcome>();
  const inNewAccount = faults.filter(needsNewAccount);
  const shared = faults.filter((fault) => !fault.alone && !needsNewAccount(fault)).values();
  const work = async (environment: FaultEnvironment, left: Iterable<Fault>) => {
    const search = new SecretSearch(environment);
    try {
      for (const fault of left) outcomes.set(fault, await repeat(environment, fault, search, log));
    } finally {
      search.stop();
    }
  };
  const workInTurn = async (environment: FaultEnvironment) => {
    if (environment.isNewAccount) await work(environment, inNewAccount);
    await work(environment, shared);
  };
  await Promise.all(environments.map(workInTurn));
  const [first] = environments;
  if (first) await work(first, faults.filter(({ alone }) => alone).values());
  return faults.flatMap((fault) => outcomes.get(fault) ?? []);
}

function needsNewAccount({ inNewAccount = false }: Fault): boolean {
  return inNewAccount;
}

/** Performs all runs of a fault. Logs their results together at the end, since other faults log concurrently. */
async function repeat(
  environment: FaultEnvironment,
  fault: Fault,
  search: SecretSearch,
  log: Log,
): Promise<FaultOutcome> {
  log(`${pc.dim(`› ${fault.name} started`)}`);
  const results = [];
  for (let run = 1; run <= fault.runs; run += 1)
    results.push(await runFault(environment, fault, run, search, log));
  log(`${pc.cyan('›')} ${pc.bold(fault.name)} ${pc.dim(fault.title)}`);
  for (const [index, result] of results.entries()) {
    log(renderRun(index + 1, fault.runs, result));
    for (const line of result.problems) log(pc.red(`    ${line}`));
  }
  return { title: fault.title, report: reportOf(fault.name, results), results };
}
