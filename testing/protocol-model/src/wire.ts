import { type Actor, kill } from './actor.ts';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';

/** The way between a process and AWS. */
export interface Wire {
  /** Does `effect` over there, some time from now; the answer arrives, or does not. A dead process never hears again. */
  call<Answer>(actor: Actor, effect: () => Answer): Promise<Answer>;
  /** Virtual time; never ends for a process that died. */
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

/** Does it now; what it answers or throws travels later. */
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
