/** Seeded random numbers, so that a schedule always runs in the same way. */
export interface Random {
  /** From 0 to 1, excluding 1. */
  next(): number;
  chance(percent: number): boolean;
  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number;
}

/** Mulberry32. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (percent) => percent > 0 && next() * 100 < percent,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
  };
}
