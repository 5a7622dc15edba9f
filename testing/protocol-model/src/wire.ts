import { type Actor, kill } from './actor.ts';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';

/** The connection between a process and AWS. */
export interface Wire {
  /** Carries out `effect` after a delay. The response arrives later or is lost; a dead process never receives one. */
  call<Answer>(actor: Actor, effect: () => Answer): Promise<Answer>;
  /** Sleeps in virtual time; never resolves for a process that died. */
  sleep(actor: Actor, milliseconds: number): Promise<void>;
}

export function createWire(clock: Clock, faults: Faults): Wire {
  return {
    call: (actor, effect) =>
      new Promise((resolve, reject) => {
        if (!actor.alive) return;
        const { kind, toEffectMs, toAnswerMs, error } = faults.fateOf(actor);
        if (kind === 'dies-before') return kill(actor);
        const settle = (conclude: () => void) =>
          clock.after(toAnswerMs, () => {
            if (!actor.alive) return;
            clock.wake();
            conclude();
          });
        clock.after(toEffectMs, () => {
          if (kind === 'failed') return settle(() => reject(error));
          const conclude = carryOut(effect, resolve, reject);
          if (kind === 'dies-after') return kill(actor);
          settle(kind === 'answer-lost' ? () => reject(error) : conclude);
        });
      }),
    sleep: (actor, milliseconds) =>
      new Promise((resolve) => {
        clock.after(milliseconds, () => {
          if (!actor.alive) return;
          clock.wake();
          resolve();
        });
      }),
  };
}

/** Carries out the effect now, and returns a function that delivers its response or error later. */
function carryOut<Answer>(
  effect: () => Answer,
  resolve: (answer: Answer) => void,
  reject: (error: unknown) => void,
): () => void {
  try {
    const answer = effect();
    return () => resolve(answer);
  } catch (error) {
    return () => reject(error);
  }
}
