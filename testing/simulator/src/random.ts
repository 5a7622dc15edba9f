/** Chance that a seed decides. */
export interface Random {
  /** 0 to 1, 1 excluded. */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** Of a standard normal distribution. */
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
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    // Box and Muller's transform.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (items) => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}

/** What a draw is for: draws of one purpose never depend on those of another. */
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
 * 0 to 1, by seed, purpose and number only. Every policy thus meets the same luck with the same job, and differences between
 * policies are theirs.
 */
export function drawn(seed: number, purpose: Purpose, id: number): number {
  const start = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(PURPOSES[purpose], 0xc2b2ae35);
  return mixed((start + Math.imul(id, 0x6d2b79f5)) >>> 0);
}

function mixed(state: number): number {
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
}
