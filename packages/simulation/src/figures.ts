import { totalUsd } from './fleet/bill.ts';
import type { Outcome } from './fleet/outcome.ts';
import { mean, quantile, sum } from './numbers.ts';

export interface Distribution {
  median: number;
  mean: number;
  p95: number;
}

/** Results of a policy for a trace. A "start" is the trace's mean start time of a job task. */
export interface Figures {
  policy: string;
  label: string;
  pipelines: number;
  /** Waiting time of a pipeline. */
  waitedSeconds: Distribution;
  waitedStarts: Distribution;
  /** Mean for pipelines of four or more stages; undefined if the trace has none. */
  longPipelinesMeanStarts: number | undefined;
  usd: number;
  /** Parts of `usd`: managers, tasks started ahead but never claimed, and the time that claimed tasks waited. */
  managersUsd: number;
  unclaimedUsd: number;
  idleUsd: number;
  /** `usd` relative to the policy `today`. */
  cost: number;
  /** Mean waiting time relative to the policy `today`. */
  waiting: number;
  /** Additional dollars per saved minute, compared with `today`; negative if both are saved, undefined if no minute is saved. */
  usdPerSavedMinute: number | undefined;
  startedAhead: number;
  /** Fraction of the tasks started ahead, 0 to 1; undefined if none was started. */
  claimed: number | undefined;
  managers: number;
}

/**
 * Computes the figures of an outcome.
 * @param today the outcome of the policy `today` for the same traces
 */
export function figuresOf(outcome: Outcome, today: Outcome): Figures {
  const waits = outcome.pipelines.map(({ waitedSeconds }) => waitedSeconds);
  const long = outcome.pipelines.filter(({ stages }) => stages >= 4).map((pipeline) => pipeline.waitedStarts);
  const { policy, bill, ahead } = outcome;
  const usd = totalUsd(bill);
  const todaysWaits = today.pipelines.map((pipeline) => pipeline.waitedSeconds);
  const savedMinutes = (sum(todaysWaits) - sum(waits)) / 60;
  const moreUsd = usd - totalUsd(today.bill);
  return {
    policy: policy.name,
    label: policy.label,
    pipelines: waits.length,
    waitedSeconds: distributionOf(waits),
    waitedStarts: distributionOf(outcome.pipelines.map(({ waitedStarts }) => waitedStarts)),
    longPipelinesMeanStarts: long.length === 0 ? undefined : sum(long) / long.length,
    usd,
    managersUsd: bill.usd.managers,
    unclaimedUsd: bill.usd.unclaimed,
    idleUsd: bill.usd.idle,
    cost: usd / totalUsd(today.bill),
    waiting: sum(waits) / sum(todaysWaits),
    usdPerSavedMinute: savedMinutes > 0.5 ? moreUsd / savedMinutes : undefined,
    startedAhead: ahead.started,
    claimed: ahead.started === 0 ? undefined : ahead.claimed / ahead.started,
    managers: outcome.managers,
  };
}

/** Median, mean and 95th percentile; zeros if there are no values. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), mean: mean(sorted), p95: quantile(sorted, 0.95) };
}
