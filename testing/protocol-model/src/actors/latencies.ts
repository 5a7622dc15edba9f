import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';

const SWIFT_MS = { min: 1, max: 5 };

/** Milliseconds of each hop from GitLab to the launcher. */
export interface Latencies {
  webhook(): number;
  bus(): number;
  queue(): number;
  batchWindow(): number;
}

export function createLatencies({ swift }: Schedule, random: Random): Latencies {
  const latency = (min: number, max: number) => () =>
    swift ? random.between(SWIFT_MS.min, SWIFT_MS.max) : random.between(min, max);
  return {
    webhook: latency(150, 1500),
    bus: latency(50, 800),
    queue: latency(50, 900),
    batchWindow: latency(0, 1000),
  };
}
