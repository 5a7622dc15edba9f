import type { Actor } from './actor.ts';
import { type Clock, START } from './clock.ts';
import type { Random } from './random.ts';
import type { FaultRates } from './schedule.ts';

/** Outcome of one call. Times are in milliseconds. */
export interface Fate {
  kind: 'answered' | 'failed' | 'answer-lost' | 'dies-before' | 'dies-after';
  toEffectMs: number;
  toAnswerMs: number;
  /** The caller's error instead of a response. */
  error: Error | undefined;
}

export interface Faults {
  /** Whether faults are still injected. */
  on(): boolean;
  rates(): FaultRates;
  fateOf(actor: Actor): Fate;
  /** Decides randomly whether a fault with this percentage occurs now. */
  hits(percent: number): boolean;
}

/** The SDK client gives up after three attempts of 5 s. */
const GIVE_UP_MS = { min: 5_000, max: 15_000 };
const LATE_MS = 4_500;

/** Decides the outcomes of calls until the schedule's faults end. */
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
    const outcomes: readonly [number, () => Fate][] = [
      [dying, () => ({ ...fate, kind: random.chance(50) ? 'dies-before' : 'dies-after' })],
      [rates.failing, () => ({ ...fate, kind: 'failed', error: randomFailure(random) })],
      [rates.denied, () => ({ ...fate, kind: 'failed', error: named('AccessDeniedException') })],
      [rates.lost, () => lost(fate, random)],
      [rates.late, () => late(fate, random)],
    ];
    let roll = random.next() * 100;
    for (const [percent, outcome] of outcomes) {
      if (roll < percent) return outcome();
      roll -= percent;
    }
    return fate;
  };

  return { on, rates: () => rates, fateOf, hits: (percent) => on() && random.chance(percent) };
}

function lost(fate: Fate, random: Random): Fate {
  const toAnswerMs = random.between(GIVE_UP_MS.min, GIVE_UP_MS.max);
  return { ...fate, kind: 'answer-lost', toAnswerMs, error: named('TimeoutError') };
}

function late(fate: Fate, random: Random): Fate {
  const delay = random.between(100, LATE_MS);
  return random.chance(50) ? { ...fate, toEffectMs: delay } : { ...fate, toAnswerMs: delay };
}

function randomFailure(random: Random): Error {
  return named(random.chance(50) ? 'ThrottlingException' : 'ServerException');
}

function named(name: string): Error {
  return Object.assign(new Error(`${name} injected by the schedule`), { name });
}
