import { sum } from '../numbers.ts';
import type { Policy } from '../policies.ts';
import { type Bill, COST_KINDS, createBill } from './bill.ts';

/** Waiting time of one pipeline. */
export interface PipelineOutcome {
  stages: number;
  /** Duration in seconds beyond its jobs' attempts (scripts and tails) on its longest path. */
  waitedSeconds: number;
  /** The same as a multiple of the trace's mean start time of a job task. */
  waitedStarts: number;
}

export interface Outcome {
  policy: Policy;
  /** Pipelines of the measured period, in the order of their ends. */
  pipelines: PipelineOutcome[];
  /** Seconds from the queueing of each attempt of a job to its script, in the measured period. */
  jobWaits: number[];
  bill: Bill;
  /** Tasks started ahead in the measured period, and how many of them were claimed. */
  ahead: { started: number; claimed: number };
  /** Managers started in the measured period. */
  managers: number;
}

export function createOutcome(policy: Policy): Outcome {
  return {
    policy,
    pipelines: [],
    jobWaits: [],
    bill: createBill(),
    ahead: { started: 0, claimed: 0 },
    managers: 0,
  };
}

/** Combines the outcomes of one policy for several traces. */
export function pool(outcomes: readonly Outcome[]): Outcome {
  const [first] = outcomes;
  if (first === undefined) throw new RangeError('no outcomes to pool');
  const bill = createBill();
  for (const kind of COST_KINDS) bill.usd[kind] = sum(outcomes.map((outcome) => outcome.bill.usd[kind]));
  return {
    policy: first.policy,
    pipelines: outcomes.flatMap(({ pipelines }) => pipelines),
    jobWaits: outcomes.flatMap(({ jobWaits }) => jobWaits),
    bill,
    ahead: {
      started: sum(outcomes.map(({ ahead }) => ahead.started)),
      claimed: sum(outcomes.map(({ ahead }) => ahead.claimed)),
    },
    managers: sum(outcomes.map(({ managers }) => managers)),
  };
}
