import { totalUsd } from './fleet/bill.ts';
import type { Outcome } from './fleet/simulate.ts';
import { mean, sum } from './numbers.ts';

export interface Distribution {
  median: number;
  mean: number;
  p95: number;
}

/** What a policy makes of a trace. Starts are of job tasks, by the trace's mean. */
export interface Figures {
  policy: string;
  label: string;
  pipelines: number;
  /** A pipeline's waiting. */
  waitedSeconds: Distribution;
  waitedStarts: Distribution;
  /** The same of pipelines with four stages and more; undefined: the trace has none. */
  longPipelinesMeanStarts: number | undefined;
  usd: number;
  /** Of `usd`: managers, tasks started ahead that no job took, and the time that claimed ones waited. */
  managersUsd: number;
  unclaimedUsd: number;
  idleUsd: number;
  /** `usd`, by that of today. */
  cost: number;
  /** Mean waiting, by that of today. */
  waiting: number;
  /** Dollars more than today for each minute less; negative where both are saved, undefined where no minute is. */
  usdPerSavedMinute: number | undefined;
  startedAhead: number;
  /** Of those, 0 to 1; undefined: none was started. */
  claimed: number | undefined;
  managers: number;
}

/**
 * Figures of an outcome.
 * @param today the outcome with the same traces that it is compared with
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

/** Median, mean and 95th percentile; zeros for none. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), mean: mean(sorted), p95: quantile(sorted, 0.95) };
}

/** Of sorted values, between the two nearest. */
function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? 0;
  return below + (above - below) * (position - Math.floor(position));
}
