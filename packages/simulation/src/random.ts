/** Seeded random numbers. */
export interface Random {
  /** From 0 to 1, excluding 1. */
  next(): number;
  chance(probability: number): boolean;
  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** Standard normal distribution. */
  normal(): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** Mulberry32. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    return mixed(state);
  };
  return {
    next,
    chance: (probability) => next() < probability,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    // Box-Muller transform.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError('cannot pick from an empty list');
      return item;
    },
  };
}

/** Purpose of a random number. Numbers of different purposes are independent. */
export type Purpose = 'job-start' | 'ahead-start' | 'manager-start' | 'instance-start' | 'poll' | 'manager';

const PURPOSES: Readonly<Record<Purpose, number>> = {
  'job-start': 1,
  'ahead-start': 2,
  'manager-start': 3,
  'instance-start': 4,
  poll: 5,
  manager: 6,
};

/**
 * A random number from 0 to 1 that depends on seed, purpose and id only. Every policy thus gets the same numbers for the same
 * job, so that differences between policies are not random.
 */
export function draw(seed: number, purpose: Purpose, id: number): number {
  const start = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(PURPOSES[purpose], 0xc2b2ae35);
  return mixed((start + Math.imul(id, 0x6d2b79f5)) >>> 0);
}

function mixed(state: number): number {
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
}
