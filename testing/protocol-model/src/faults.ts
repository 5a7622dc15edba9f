import type { Actor } from './actor.ts';
import { type Clock, START } from './clock.ts';
import type { Random } from './random.ts';
import type { FaultRates } from './schedule.ts';

/** What becomes of one call. Milliseconds. */
export interface Fate {
  kind: 'answered' | 'failed' | 'answer-lost' | 'dies-before' | 'dies-after';
  toEffectMs: number;
  toAnswerMs: number;
  /** What the caller gets instead of an answer. */
  error: Error | undefined;
}

export interface Faults {
  /** Whether faults still happen. */
  on(): boolean;
  rates(): FaultRates;
  fateOf(actor: Actor): Fate;
  /** Whether a fault of this percentage hits now. */
  hits(percent: number): boolean;
}

/** The SDK's client gives up after three tries of 5 s. */
const GIVE_UP_MS = { least: 5_000, most: 15_000 };
const LATE_MS = 4_500;

/** Decides what becomes of calls, until the faults of the schedule stop. */
export function createFaults(rates: FaultRates, clock: Clock, random: Random): Faults {
  const until = START + rates.until * 1000;
  const on = () => clock.now() < until;
  const answered = (): Fate => ({
    kind: 'answered',
    toEffectMs: random.between(3, 60),
    toAnswerMs: random.between(3, 40),
    error: undefined,
  });

  const fateOf = (actor: Actor): Fate => {
    const fate = answered();
    if (!on()) return fate;
    const dying = actor.kind === 'launcher' || actor.kind === 'reaper' ? rates.dying : 0;
    const turns: readonly [number, () => Fate][] = [
      [dying, () => ({ ...fate, kind: random.chance(50) ? 'dies-before' : 'dies-after' })],
      [rates.failing, () => ({ ...fate, kind: 'failed', error: aFailure(random) })],
      [rates.denied, () => ({ ...fate, kind: 'failed', error: named('AccessDeniedException') })],
      [rates.lost, () => lost(fate, random)],
      [rates.late, () => late(fate, random)],
    ];
    let dice = random.next() * 100;
    for (const [percent, turn] of turns) {
      if (dice < percent) return turn();
      dice -= percent;
    }
    return fate;
  };

  return { on, rates: () => rates, fateOf, hits: (percent) => on() && random.chance(percent) };
}

function lost(fate: Fate, random: Random): Fate {
  const toAnswerMs = random.between(GIVE_UP_MS.least, GIVE_UP_MS.most);
  return { ...fate, kind: 'answer-lost', toAnswerMs, error: named('TimeoutError') };
}

function late(fate: Fate, random: Random): Fate {
  const delay = random.between(100, LATE_MS);
  return random.chance(50) ? { ...fate, toEffectMs: delay } : { ...fate, toAnswerMs: delay };
}

function aFailure(random: Random): Error {
  return named(random.chance(50) ? 'ThrottlingException' : 'ServerException');
}

function named(name: string): Error {
  return Object.assign(new Error(`${name} of the schedule`), { name });
}
