const UNITS = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
] as const;

/** A duration in the largest unit of which it has two or more, such as `95 s`, `3 min`, `47 h`; negative ones count as 0. */
export function duration(ms: number): string {
  const unit = UNITS.find((one) => ms >= 2 * one.ms) ?? { name: 's', ms: 1000 };
  return `${Math.max(0, Math.floor(ms / unit.ms))} ${unit.name}`;
}
