import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { type FamilyName, families } from './families.ts';
import type { Violation } from './invariants.ts';
import type { Overrides } from './overrides.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';

export interface CheckOptions {
  /** Maximum number of schedules. */
  schedules: number;
  /** fast-check's seed: the same seed generates the same schedules. */
  seed: number;
  /** Default: none, the unchanged code. */
  overrides?: Partial<Overrides>;
  /** Whether a failing schedule is shrunk. Default: true. */
  shrink?: boolean;
  /** Called after each schedule. */
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
  /** Violation, seed, schedule and trace as text. */
  message: string;
}

/** Schedules between two yields to the event loop. */
const SCHEDULES_PER_TURN = 50;
const MAX_TRACE_LINES = 200;

/** Runs schedules of a family until one violates an invariant, and shrinks that one unless `shrink` is false. */
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
    throw new Error(`A failed schedule of "${family}" passed when repeated: the model is not deterministic.`);
  const message = [
    `"${violation.invariant}" is violated in "${family}" after ${violation.at} s: ${violation.what}`,
    `fast-check seed ${seed}, path ${counterexamplePath}`,
    `schedule ${JSON.stringify(schedule)}`,
    'Trace (seconds):',
    ...lines.slice(-MAX_TRACE_LINES),
  ].join('\n');
  return { violation, schedule, message };
}
