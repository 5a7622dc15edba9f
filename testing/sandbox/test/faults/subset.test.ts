import { Cleanup } from '@serverless-gitlab-runner/machine';
import { evaluateRecordings, iamFailures, synthesise } from '@serverless-gitlab-runner/policy-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../../src/suites/faults/catalogue/index.ts';
import type { RunResult } from '../../src/suites/faults/decide-job.ts';
import type { Fault } from '../../src/suites/faults/fault.ts';
import type { FaultEnvironment } from '../../src/suites/faults/fault-environment.ts';
import { runCatalogue, startFaultEnvironments } from '../../src/suites/faults/run-catalogue.ts';
import { recordingOf } from '../../src/suites/faults/run-faults.ts';

/** The faults that cover most in the shortest time. `npm run faults` runs all faults, each several times. */
const SUBSET = [
  'bus-refuses-entry',
  'run-task-answer-lost',
  'launcher-dies',
  'delivered-twice',
  'manager-killed',
  'spot-interruption',
];

const log = (line: string) => process.stderr.write(`${line}\n`);
const cleanup = new Cleanup(log);
let environments: FaultEnvironment[];
let results: ReadonlyMap<string, RunResult>;

/** Runs the faults concurrently, as `npm run faults` does. */
beforeAll(async () => {
  const chosen = SUBSET.map((name) => ({ ...faultNamed(name), runs: 1 }));
  environments = await startFaultEnvironments(chosen, { log, cleanup });
  const outcomes = await runCatalogue(environments, chosen, log);
  results = new Map(
    outcomes.flatMap(({ report, results: [result] }) => (result ? [[report.fault, result]] : [])),
  );
}, 14 * 60_000);

afterAll(() => cleanup.run(), 60_000);

function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (!fault) throw new Error(`unknown fault ${name}`);
  return fault;
}

describe('the real system under faults', () => {
  it.each(SUBSET)('loses no job, kills no job and leaves no task under %s', (name) => {
    const result = results.get(name);
    const clean: Partial<RunResult> = {
      jobsLost: 0,
      jobsKilled: 0,
      tasksLeaked: 0,
      secretsLeaked: 0,
      problems: [],
    };
    expect(result).toMatchObject(clean);
    expect(result?.jobsQueued).toBeGreaterThanOrEqual(3);
    expect((result?.jobsFinished ?? 0) + (result?.jobsInterrupted ?? 0)).toBe(result?.jobsQueued);
  });

  it('makes no AWS call that the synthesised policies would deny', { timeout: 60_000 }, async () => {
    const recordings = await Promise.all(environments.map(recordingOf));
    const callers = new Set(
      recordings.flatMap(({ calls }) => calls.map(({ caller }) => caller.replace(/-PT-.*$/, ''))),
    );
    expect([...callers]).toEqual(
      expect.arrayContaining(['idle-reaper', 'manager', 'runner-launcher', 'webhook-receiver']),
    );
    const report = await evaluateRecordings(recordings, await synthesise());
    expect(iamFailures(report, { isWholeRun: false })).toEqual([]);
  });
});
