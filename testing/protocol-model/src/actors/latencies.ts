import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';

const SWIFT_MS = { least: 1, most: 5 };

/** Milliseconds that each part of the way from GitLab to the launcher takes. */
export interface Hops {
  webhook(): number;
  bus(): number;
  queue(): number;
  batchWindow(): number;
}

export function createLatencies({ swift }: Schedule, random: Random): Hops {
  const latency = (least: number, most: number) => () =>
    swift ? random.between(SWIFT_MS.least, SWIFT_MS.most) : random.between(least, most);
  return {
    webhook: latency(150, 1500),
    bus: latency(50, 800),
    queue: latency(50, 900),
    batchWindow: latency(0, 1000),
  };
}
