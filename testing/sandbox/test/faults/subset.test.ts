import { Cleanup } from '@serverless-gitlab-runner/machine';
import { evaluateCalls, iamFailures, synthesise } from '@serverless-gitlab-runner/policy-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../../src/suites/faults/catalogue/index.ts';
import type { RunResult } from '../../src/suites/faults/judge.ts';
import { type Laboratory, startLaboratory } from '../../src/suites/faults/laboratory.ts';
import { runFault } from '../../src/suites/faults/run-fault.ts';
import { recordingOf } from '../../src/suites/faults/run-faults.ts';
import { SecretSearch } from '../../src/suites/faults/secret-search.ts';
import { prepareMachine } from '../../src/system/prepare-machine.ts';

/** Those that tell most in least time; `npm run faults` runs all of them, each several times. */
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
let lab: Laboratory;
let search: SecretSearch;

beforeAll(async () => {
  const machine = await prepareMachine({ log, cleanup, demoImages: false });
  lab = await startLaboratory({ log, cleanup, machine });
  search = new SecretSearch(lab);
}, 5 * 60_000);

afterAll(async () => {
  search?.stop();
  await cleanup.run();
}, 60_000);

describe('the system under faults, on real parts', () => {
  it.each(SUBSET)('loses, kills and leaves nothing under %s', { timeout: 4 * 60_000 }, async (name) => {
    const fault = FAULTS.find((known) => known.name === name);
    if (!fault) throw new Error(`there is no fault ${name}`);
    const result = await runFault(lab, fault, 1, search, log);
    const clean: Partial<RunResult> = {
      ...{ jobsLost: 0, jobsKilled: 0, tasksLeaked: 0, secretsLeaked: 0, wrong: [] },
    };
    expect(result).toMatchObject(clean);
    expect(result.jobsQueued).toBeGreaterThanOrEqual(3);
    expect(result.jobsFinished + result.jobsInterrupted).toBe(result.jobsQueued);
  });

  it('makes no AWS call that the synthesised policies would refuse', { timeout: 60_000 }, async () => {
    const recording = await recordingOf(lab);
    const callers = new Set(recording.calls.map(({ caller }) => caller.replace(/-PT-.*$/, '')));
    expect([...callers]).toEqual(
      expect.arrayContaining(['idle-reaper', 'manager', 'runner-launcher', 'webhook-receiver']),
    );
    const report = await evaluateCalls(recording, await synthesise());
    expect(iamFailures(report, { isWholeRun: false })).toEqual([]);
  });
});
