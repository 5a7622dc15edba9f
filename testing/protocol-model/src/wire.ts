import { type Actor, kill } from './actor.ts';
import type { AwsCalls } from './aws-calls.ts';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';

/** The connection between a process and AWS. */
export interface Wire {
  /** Carries out `effect` after a delay. The response arrives later or is lost; a dead process never receives one. */
  call<Answer>(actor: Actor, operation: string, effect: () => Answer): Promise<Answer>;
  /** Sleeps in virtual time; never resolves for a process that died. */
  sleep(actor: Actor, milliseconds: number): Promise<void>;
}

/** @param calls paces and counts calls. Default: calls are made at once, and nobody counts them */
export function createWire(clock: Clock, faults: Faults, calls?: AwsCalls): Wire {
  const send = <Answer>(actor: Actor, effect: () => Answer): Promise<Answer> =>
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
    });

  return {
    call: (actor, operation, effect) =>
      calls ? calls.around(actor, operation, () => send(actor, effect)) : send(actor, effect),
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
