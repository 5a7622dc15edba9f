/** One figure of the benchmark. The ratio is within one run, since the machine's speed differs between runs. */
export interface Figure {
  /** What was measured, and of what. */
  figure: string;
  unit: string;
  value: number;
  /** What the value is compared with, in the same unit, measured in the same run. */
  baseline: number;
  ratio: number;
  /** The largest ratio that meets the target; null: no target, the figure belongs to another one. */
  target: number | null;
  met: boolean;
}

export interface Measurement {
  figure: string;
  unit: string;
  value: number;
  baseline: number;
  /** Default: none. */
  target?: number;
}

/** Compares a measurement with its baseline. */
export function figureOf({ figure, unit, value, baseline, target }: Measurement): Figure {
  const ratio = value / baseline;
  return {
    figure,
    unit,
    ratio,
    target: target ?? null,
    value,
    baseline,
    met: target === undefined || ratio <= target,
  };
}

/** Compares a measurement with a limit in its own unit. */
export function limitedFigure({ figure, unit, value, limit }: LimitedMeasurement): Figure {
  return figureOf({ figure, unit, value, baseline: limit, target: 1 });
}

export interface LimitedMeasurement {
  figure: string;
  unit: string;
  value: number;
  /** The largest value that meets the target. */
  limit: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of nothing');
  return (low + high) / 2;
}

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('there is no mean of nothing');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
