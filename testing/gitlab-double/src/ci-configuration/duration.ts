import { InvalidPipelineError } from '../errors.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Parses a duration as used for `timeout` (`90 seconds`, `1h 30m`, `3 hours and 4 minutes`). Returns seconds. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)/gi)];
  const seconds = parts.map(
    ([, count, unit = '']) => Number(count) * (SECONDS[unit[0]?.toLowerCase() ?? ''] ?? Number.NaN),
  );
  const total = seconds.reduce((sum, value) => sum + value, 0);
  if (parts.length === 0 || Number.isNaN(total))
    throw new InvalidPipelineError(`timeout "${text}" should be a duration`);
  return total;
}
