import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { type FamilyName, families } from './families.ts';
import type { Violation } from './invariants.ts';
import type { Overrides } from './overrides.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';

export interface CheckOptions {
  /** The most schedules that are run. */
  schedules: number;
  /** fast-check's: the same seed gives the same schedules. */
  seed: number;
  /** Default: the real code as it is. */
  overrides?: Partial<Overrides>;
  /** Whether the schedule that fails is made as small as it can be. Default true. */
  shrink?: boolean;
  /** Told of each schedule that was run. */
  onRun?(): void;
}

export interface FamilyReport {
  family: FamilyName;
  schedules: number;
  failure: Failure | undefined;
}

interface Failure {
  violation: Violation;
  schedule: Schedule;
  /** For a person: seed, violation, schedule, and what happened in it. */
  message: string;
}

/** Timers and messages of the process get their turn after so many schedules. */
const SCHEDULES_PER_TURN = 50;
const LINES = 200;

/** Runs schedules of a family until one violates an invariant; that one is made smaller, unless told otherwise. */
export async function checkFamily(family: FamilyName, options: CheckOptions): Promise<FamilyReport> {
  const { schedules, seed, overrides = {}, shrink = true, onRun } = options;
  let runs = 0;
  const holds = fc.asyncProperty(families[family], async (schedule) => {
    runs += 1;
    if (runs % SCHEDULES_PER_TURN === 0) await nextTurn();
    const { violation } = await runSchedule(schedule, overrides);
    onRun?.();
    return violation === undefined;
  });
  const details = await fc.check(holds, { numRuns: schedules, seed, endOnFailure: !shrink });
  const [schedule] = details.counterexample ?? [];
  if (schedule === undefined) return { family, schedules: details.numRuns, failure: undefined };
  const failure = await explain(family, schedule, details, overrides);
  return { family, schedules: details.numRuns, failure };
}

async function explain(
  family: FamilyName,
  schedule: Schedule,
  { seed, counterexamplePath }: fc.RunDetails<[Schedule]>,
  overrides: Partial<Overrides>,
): Promise<Failure> {
  const lines: string[] = [];
  const { violation } = await runSchedule(schedule, overrides, (line) => lines.push(line));
  if (violation === undefined)
    throw new Error(`A schedule of "${family}" failed and does not any more: the model is not deterministic`);
  const message = [
    `"${violation.invariant}" is violated in "${family}" after ${violation.at} s: ${violation.what}`,
    `fast-check seed ${seed}, path ${counterexamplePath}`,
    `schedule ${JSON.stringify(schedule)}`,
    'What happened, by seconds:',
    ...lines.slice(-LINES),
  ].join('\n');
  return { violation, schedule, message };
}
