/** A process that may die between any two of its steps: a Lambda invocation, a sweep, a manager. */
export interface Actor {
  readonly kind: 'launcher' | 'reaper' | 'manager' | 'outside';
  alive: boolean;
  onDeath: (() => void) | undefined;
}

export function createActor(kind: Actor['kind'], onDeath?: () => void): Actor {
  return { kind, alive: true, onDeath };
}

/** Kills a process. Its calls in flight still take effect, but it receives no responses. */
export function kill(actor: Actor): void {
  if (!actor.alive) return;
  actor.alive = false;
  actor.onDeath?.();
}
